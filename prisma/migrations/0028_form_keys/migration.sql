-- A form makes one API key, one webhook or one listing, however often its answer was lost and it was sent again.

-- AlterTable
ALTER TABLE "apikey" ADD COLUMN     "formKey" TEXT;

-- AlterTable
ALTER TABLE "listing" ADD COLUMN     "formKey" TEXT;

-- AlterTable
ALTER TABLE "webhook_endpoint" ADD COLUMN     "formKey" TEXT;

-- CreateIndex
CREATE UNIQUE INDEX "apikey_referenceId_formKey_key" ON "apikey"("referenceId", "formKey");

-- CreateIndex
CREATE UNIQUE INDEX "listing_orgId_formKey_key" ON "listing"("orgId", "formKey");

-- CreateIndex
CREATE UNIQUE INDEX "webhook_endpoint_orgId_formKey_key" ON "webhook_endpoint"("orgId", "formKey");
