-- A form makes one organisation, however often its answer was lost and it was sent again.

-- AlterTable
ALTER TABLE "organization" ADD COLUMN     "createdBy" TEXT,
ADD COLUMN     "formKey" TEXT;

-- CreateIndex
CREATE UNIQUE INDEX "organization_createdBy_formKey_key" ON "organization"("createdBy", "formKey");
