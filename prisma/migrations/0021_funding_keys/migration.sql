-- A top-up is ordered once, however often it is asked for with one key.

-- AlterTable
ALTER TABLE "funding_order" ADD COLUMN     "key" TEXT;

-- CreateIndex
CREATE UNIQUE INDEX "funding_order_orgId_key_key" ON "funding_order"("orgId", "key");
