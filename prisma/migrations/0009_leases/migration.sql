-- Leases of GPUs: quotes, leases with their history, and receipts of both sides. GPUs taken are never fewer than none.

-- CreateEnum
CREATE TYPE "LeaseStatus" AS ENUM ('requested', 'provisioning', 'running', 'moving', 'stopping', 'stopped', 'expired', 'failed');

-- CreateTable
CREATE TABLE "node_gpus" (
    "nodeId" TEXT NOT NULL,
    "taken" INTEGER NOT NULL DEFAULT 0,
    "updatedAt" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "node_gpus_pkey" PRIMARY KEY ("nodeId")
);

-- CreateTable
CREATE TABLE "lease_quote" (
    "id" TEXT NOT NULL,
    "orgId" TEXT NOT NULL,
    "createdBy" TEXT NOT NULL,
    "nodeId" TEXT NOT NULL,
    "termsHash" TEXT NOT NULL,
    "model" TEXT NOT NULL,
    "gpus" INTEGER NOT NULL,
    "durationMs" BIGINT NOT NULL,
    "perGpuHourMicroUsd" BIGINT NOT NULL,
    "maxPerGpuHourMicroUsd" BIGINT NOT NULL,
    "reserveMicroUsd" BIGINT NOT NULL,
    "placement" JSONB NOT NULL,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "lease_quote_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "lease" (
    "id" TEXT NOT NULL,
    "idHash" TEXT NOT NULL,
    "orgId" TEXT NOT NULL,
    "channelId" TEXT NOT NULL,
    "createdBy" TEXT NOT NULL,
    "status" "LeaseStatus" NOT NULL DEFAULT 'requested',
    "model" TEXT NOT NULL,
    "gpus" INTEGER NOT NULL,
    "durationMs" BIGINT NOT NULL,
    "maxPerGpuHourMicroUsd" BIGINT NOT NULL,
    "nodeId" TEXT NOT NULL,
    "providerId" TEXT NOT NULL,
    "termsHash" TEXT NOT NULL,
    "perGpuHourMicroUsd" BIGINT NOT NULL,
    "holdsGpus" BOOLEAN NOT NULL DEFAULT true,
    "gatewayUrl" TEXT,
    "lane" TEXT,
    "reservedMicroUsd" BIGINT NOT NULL,
    "billedMicroUsd" BIGINT NOT NULL DEFAULT 0,
    "servingSinceMs" BIGINT,
    "meteredToMs" BIGINT,
    "endsAtMs" BIGINT,
    "goneSinceMs" BIGINT,
    "lastSeq" BIGINT,
    "creditMs" BIGINT NOT NULL DEFAULT 0,
    "creditMicroUsd" BIGINT NOT NULL DEFAULT 0,
    "moves" INTEGER NOT NULL DEFAULT 0,
    "tries" INTEGER NOT NULL DEFAULT 0,
    "triedNodeIds" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "expires" BOOLEAN NOT NULL DEFAULT false,
    "error" TEXT,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "runningAt" TIMESTAMPTZ(3),
    "endedAt" TIMESTAMPTZ(3),
    "updatedAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "lease_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "lease_event" (
    "id" BIGSERIAL NOT NULL,
    "leaseId" TEXT NOT NULL,
    "atMs" BIGINT NOT NULL,
    "event" TEXT NOT NULL,
    "status" "LeaseStatus" NOT NULL,
    "details" JSONB NOT NULL DEFAULT '{}',

    CONSTRAINT "lease_event_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "lease_extension" (
    "leaseId" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "durationMs" BIGINT NOT NULL,
    "reserveMicroUsd" BIGINT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "lease_extension_pkey" PRIMARY KEY ("leaseId","key")
);

-- CreateTable
CREATE TABLE "lease_receipt" (
    "lane" TEXT NOT NULL,
    "seq" BIGINT NOT NULL,
    "hash" TEXT NOT NULL,
    "leaseId" TEXT NOT NULL,
    "nodeId" TEXT NOT NULL,
    "channelId" TEXT NOT NULL,
    "fromMs" BIGINT NOT NULL,
    "toMs" BIGINT NOT NULL,
    "gpuMs" BIGINT NOT NULL,
    "priceMicroUsd" BIGINT NOT NULL,
    "receipt" JSONB NOT NULL,
    "laneSignature" TEXT NOT NULL,
    "nodeSignature" TEXT NOT NULL,
    "epoch" BIGINT,

    CONSTRAINT "lease_receipt_pkey" PRIMARY KEY ("lane","seq")
);

-- CreateIndex
CREATE INDEX "lease_quote_orgId_createdAt_idx" ON "lease_quote"("orgId", "createdAt" DESC);

-- CreateIndex
CREATE INDEX "lease_quote_expiresAt_idx" ON "lease_quote"("expiresAt");

-- CreateIndex
CREATE UNIQUE INDEX "lease_idHash_key" ON "lease"("idHash");

-- CreateIndex
CREATE INDEX "lease_orgId_createdAt_idx" ON "lease"("orgId", "createdAt" DESC);

-- CreateIndex
CREATE INDEX "lease_status_idx" ON "lease"("status");

-- CreateIndex
CREATE INDEX "lease_channelId_idx" ON "lease"("channelId");

-- CreateIndex
CREATE INDEX "lease_event_leaseId_id_idx" ON "lease_event"("leaseId", "id");

-- CreateIndex
CREATE UNIQUE INDEX "lease_receipt_hash_key" ON "lease_receipt"("hash");

-- CreateIndex
CREATE INDEX "lease_receipt_leaseId_fromMs_idx" ON "lease_receipt"("leaseId", "fromMs");

-- CreateIndex
CREATE INDEX "lease_receipt_lane_epoch_idx" ON "lease_receipt"("lane", "epoch");

-- CreateIndex
CREATE INDEX "lease_receipt_channelId_idx" ON "lease_receipt"("channelId");

-- AddForeignKey
ALTER TABLE "lease_event" ADD CONSTRAINT "lease_event_leaseId_fkey" FOREIGN KEY ("leaseId") REFERENCES "lease"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "lease_receipt" ADD CONSTRAINT "lease_receipt_leaseId_fkey" FOREIGN KEY ("leaseId") REFERENCES "lease"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- No GPU is given back twice.
ALTER TABLE "node_gpus" ADD CONSTRAINT "node_gpus_taken" CHECK ("taken" >= 0);
