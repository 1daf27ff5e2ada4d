-- A node that is taken off the market, and the transaction that retires its key.

-- AlterEnum
ALTER TYPE "ListingStatus" ADD VALUE 'retired' BEFORE 'withdrawn';

-- AlterTable
ALTER TABLE "node" ADD COLUMN     "keyRetiredTx" TEXT;

-- Listings that were withdrawn before nodes left with them: nothing of theirs was ever on the market.
UPDATE "node" SET "status" = 'revoked'
WHERE "status" = 'joining' AND "nodeId" IN (SELECT "nodeId" FROM "listing" WHERE "status" = 'withdrawn');
