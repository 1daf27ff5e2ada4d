-- Where each gateway stands, for residency.

-- AlterTable
ALTER TABLE "gateway_lane" ADD COLUMN     "country" TEXT NOT NULL DEFAULT '';
