-- What came of asking for a file that is said to be withheld: once for each step of the dispute and each address.

-- CreateTable
CREATE TABLE "withheld_file_try" (
    "disputeId" BIGINT NOT NULL,
    "lane" TEXT NOT NULL,
    "epoch" BIGINT NOT NULL,
    "step" "DisputeState" NOT NULL,
    "source" TEXT NOT NULL,
    "by" TEXT NOT NULL,
    "triedAt" TIMESTAMP(3) NOT NULL,
    "httpStatus" INTEGER,
    "bytes" BIGINT,
    "fileHash" TEXT,
    "dataHash" TEXT,
    "tooLarge" BOOLEAN NOT NULL,
    "said" TEXT,

    CONSTRAINT "withheld_file_try_pkey" PRIMARY KEY ("disputeId","lane","epoch","step","source")
);
