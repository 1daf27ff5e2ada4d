-- A managed account that a provider is paid to, what leaves it, and stake that is withheld from first earnings.

-- CreateEnum
CREATE TYPE "PayoutCustody" AS ENUM ('wallet', 'managed');

-- CreateEnum
CREATE TYPE "PayoutOrderKind" AS ENUM ('withdrawal', 'stake', 'release');

-- CreateEnum
CREATE TYPE "PayoutOrderStatus" AS ENUM ('queued', 'taken', 'done');

-- AlterTable
ALTER TABLE "provider" ADD COLUMN     "payoutCustody" "PayoutCustody" NOT NULL DEFAULT 'wallet',
ADD COLUMN     "stakeMicroUsd" BIGINT NOT NULL DEFAULT 0,
ADD COLUMN     "stakeTargetMicroUsd" BIGINT;

-- CreateTable
CREATE TABLE "payout_order" (
    "id" TEXT NOT NULL,
    "providerId" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "kind" "PayoutOrderKind" NOT NULL,
    "microUsd" BIGINT NOT NULL,
    "toAddress" TEXT NOT NULL,
    "status" "PayoutOrderStatus" NOT NULL DEFAULT 'queued',
    "sinceBlock" BIGINT,
    "heldTo" TIMESTAMPTZ(3),
    "takenTx" TEXT,
    "txHash" TEXT,
    "error" TEXT,
    "requestedBy" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finishedAt" TIMESTAMPTZ(3),

    CONSTRAINT "payout_order_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "payout_order_providerId_createdAt_idx" ON "payout_order"("providerId", "createdAt" DESC);

-- CreateIndex
CREATE INDEX "payout_order_status_idx" ON "payout_order"("status");

-- CreateIndex
CREATE UNIQUE INDEX "payout_order_providerId_key_key" ON "payout_order"("providerId", "key");
