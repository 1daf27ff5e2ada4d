-- A voucher says what its provider earned in the epoch, and a payout of which lane it is. Rows from before are of contracts
-- that knew neither: they keep 0 and no lane.

-- AlterTable
ALTER TABLE "voucher" ADD COLUMN     "earnedMicroUsd" BIGINT NOT NULL DEFAULT 0;
ALTER TABLE "voucher" ALTER COLUMN "earnedMicroUsd" DROP DEFAULT;

-- AlterTable
ALTER TABLE "payout" ADD COLUMN     "lane" TEXT NOT NULL DEFAULT '';
ALTER TABLE "payout" ALTER COLUMN "lane" DROP DEFAULT;
