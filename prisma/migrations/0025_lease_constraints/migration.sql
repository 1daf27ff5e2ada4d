-- A lease whose node the service chose keeps what it was chosen by: wherever it moves, the same holds. Null for those before.

-- AlterTable
ALTER TABLE "lease_quote" ADD COLUMN     "constraints" JSONB;

-- AlterTable
ALTER TABLE "lease" ADD COLUMN     "constraints" JSONB;
