-- What a challenge of a record holds and until when it can be judged: the desk's queue is ordered by it. Read from the ledger.

-- AlterTable
ALTER TABLE "performance_record" ADD COLUMN     "challengeBondMicroUsd" BIGINT,
ADD COLUMN     "rulingEndsAtS" BIGINT;

-- CreateIndex
CREATE INDEX "performance_record_rulingEndsAtS_idx" ON "performance_record"("rulingEndsAtS");
