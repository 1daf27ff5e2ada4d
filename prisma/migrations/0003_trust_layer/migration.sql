-- Signed terms, performance records with their counts, transactions that survive a restart, and what a reorganisation undoes.

-- CreateEnum
CREATE TYPE "RecordStatus" AS ENUM ('signed', 'reported', 'challenged', 'final', 'invalid');

-- AlterEnum
ALTER TYPE "MovementKind" ADD VALUE 'refund';
ALTER TYPE "MovementKind" ADD VALUE 'credit';

-- AlterTable
ALTER TABLE "chain_transaction" ADD COLUMN     "blockNumber" BIGINT,
ADD COLUMN     "nonce" INTEGER;

-- AlterTable
ALTER TABLE "channel" ADD COLUMN     "thawEndsAtS" BIGINT;

-- AlterTable
ALTER TABLE "join_token" ADD COLUMN     "promises" JSONB NOT NULL DEFAULT '{}';

-- AlterTable
ALTER TABLE "terms" ADD COLUMN     "values" JSONB NOT NULL DEFAULT '{}';

-- CreateTable
CREATE TABLE "pending_transaction" (
    "id" TEXT NOT NULL,
    "chainId" INTEGER NOT NULL,
    "account" TEXT NOT NULL,
    "nonce" INTEGER NOT NULL,
    "purpose" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "blockNumber" BIGINT,
    "body" JSONB NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "pending_transaction_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "performance_record" (
    "nodeId" TEXT NOT NULL,
    "lane" TEXT NOT NULL,
    "epoch" BIGINT NOT NULL,
    "version" INTEGER NOT NULL,
    "status" "RecordStatus" NOT NULL DEFAULT 'signed',
    "providerId" TEXT NOT NULL,
    "earnedMicroUsd" BIGINT NOT NULL,
    "attempts" INTEGER NOT NULL,
    "faults" INTEGER NOT NULL,
    "countsRoot" TEXT NOT NULL,
    "record" JSONB NOT NULL,
    "laneSignature" TEXT NOT NULL,
    "nodeSignature" TEXT,
    "nodeReason" TEXT,
    "finalAtS" BIGINT,
    "reportedTx" TEXT,
    "finalTx" TEXT,
    "challengedTx" TEXT,
    "challengerReason" TEXT,
    "updatedAt" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "performance_record_pkey" PRIMARY KEY ("nodeId","lane","epoch","version")
);

-- CreateTable
CREATE TABLE "sla_counts" (
    "nodeId" TEXT NOT NULL,
    "lane" TEXT NOT NULL,
    "epoch" BIGINT NOT NULL,
    "version" INTEGER NOT NULL,
    "channelId" TEXT NOT NULL,
    "termsHash" TEXT NOT NULL,
    "leaf" TEXT NOT NULL,
    "counts" JSONB NOT NULL,
    "countedTx" TEXT,
    "broken" INTEGER,
    "creditMicroUsd" BIGINT,

    CONSTRAINT "sla_counts_pkey" PRIMARY KEY ("nodeId","lane","epoch","version","channelId","termsHash")
);

-- CreateTable
CREATE TABLE "chain_block" (
    "number" BIGINT NOT NULL,
    "hash" TEXT NOT NULL,

    CONSTRAINT "chain_block_pkey" PRIMARY KEY ("number")
);

-- CreateTable
CREATE TABLE "indexed_event" (
    "txHash" TEXT NOT NULL,
    "logIndex" INTEGER NOT NULL,
    "blockNumber" BIGINT NOT NULL,
    "event" JSONB NOT NULL,

    CONSTRAINT "indexed_event_pkey" PRIMARY KEY ("txHash","logIndex")
);

-- CreateIndex
CREATE INDEX "pending_transaction_account_status_nonce_idx" ON "pending_transaction"("account", "status", "nonce");

-- CreateIndex
CREATE INDEX "performance_record_providerId_epoch_idx" ON "performance_record"("providerId", "epoch");

-- CreateIndex
CREATE INDEX "performance_record_status_idx" ON "performance_record"("status");

-- CreateIndex
CREATE INDEX "performance_record_lane_epoch_idx" ON "performance_record"("lane", "epoch");

-- CreateIndex
CREATE INDEX "sla_counts_channelId_idx" ON "sla_counts"("channelId");

-- CreateIndex
CREATE INDEX "indexed_event_blockNumber_idx" ON "indexed_event"("blockNumber");

-- CreateIndex
CREATE INDEX "chain_transaction_status_idx" ON "chain_transaction"("status");

-- AddForeignKey
ALTER TABLE "sla_counts" ADD CONSTRAINT "sla_counts_nodeId_lane_epoch_version_fkey" FOREIGN KEY ("nodeId", "lane", "epoch", "version") REFERENCES "performance_record"("nodeId", "lane", "epoch", "version") ON DELETE RESTRICT ON UPDATE CASCADE;
