-- What claims paid of vouchers that are not stored here yet.
CREATE TABLE "early_claim" (
    "lane" TEXT NOT NULL,
    "epoch" BIGINT NOT NULL,
    "channelId" TEXT NOT NULL,
    "providerId" TEXT NOT NULL,
    "paidMicroUsd" BIGINT NOT NULL,
    "claimedTx" TEXT NOT NULL,

    CONSTRAINT "early_claim_pkey" PRIMARY KEY ("lane","epoch","channelId","providerId")
);
