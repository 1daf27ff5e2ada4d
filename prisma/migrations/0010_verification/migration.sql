-- Listings on their way to the market, verdicts on the nodes behind them, and stake that providers ask for.

-- CreateEnum
CREATE TYPE "ListingStatus" AS ENUM ('draft', 'joined', 'submitted', 'live', 'withdrawn');

-- CreateEnum
CREATE TYPE "VerificationStatus" AS ENUM ('pending', 'verified', 'unverified', 'failed');

-- CreateEnum
CREATE TYPE "Verdict" AS ENUM ('valid', 'invalid', 'unverifiable');

-- CreateTable
CREATE TABLE "listing" (
    "id" TEXT NOT NULL,
    "orgId" TEXT NOT NULL,
    "status" "ListingStatus" NOT NULL DEFAULT 'draft',
    "version" INTEGER NOT NULL DEFAULT 1,
    "draft" JSONB NOT NULL,
    "joinTokenId" TEXT,
    "nodeId" TEXT,
    "keyProof" TEXT,
    "createdBy" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "listing_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "node_verification" (
    "nodeId" TEXT NOT NULL,
    "status" "VerificationStatus" NOT NULL DEFAULT 'pending',
    "dueAt" TIMESTAMPTZ(3) NOT NULL,
    "claimedTo" TIMESTAMPTZ(3),
    "checkedAt" TIMESTAMPTZ(3),
    "reportedMs" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "node_verification_pkey" PRIMARY KEY ("nodeId")
);

-- CreateTable
CREATE TABLE "verification_check" (
    "id" TEXT NOT NULL,
    "nodeId" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "verdict" "Verdict" NOT NULL,
    "finding" TEXT NOT NULL,
    "fix" TEXT,
    "inputs" JSONB NOT NULL,
    "simulated" BOOLEAN NOT NULL,
    "checkedAt" TIMESTAMPTZ(3) NOT NULL,
    "validUntil" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "verification_check_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "gpu_claim" (
    "nodeId" TEXT NOT NULL,
    "uuid" TEXT NOT NULL,
    "claimedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "gpu_claim_pkey" PRIMARY KEY ("nodeId","uuid")
);

-- CreateTable
CREATE TABLE "replay_trial" (
    "requestId" TEXT NOT NULL,
    "nodeId" TEXT NOT NULL,
    "modelHash" TEXT NOT NULL,
    "agreed" BOOLEAN NOT NULL,
    "references" TEXT[],
    "triedAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "replay_trial_pkey" PRIMARY KEY ("requestId","nodeId")
);

-- CreateTable
CREATE TABLE "stake_order" (
    "id" TEXT NOT NULL,
    "providerId" TEXT NOT NULL,
    "microUsd" BIGINT NOT NULL,
    "requestedBy" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'queued',
    "txHash" TEXT,
    "error" TEXT,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finishedAt" TIMESTAMPTZ(3),

    CONSTRAINT "stake_order_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "listing_joinTokenId_key" ON "listing"("joinTokenId");

-- CreateIndex
CREATE UNIQUE INDEX "listing_nodeId_key" ON "listing"("nodeId");

-- CreateIndex
CREATE INDEX "listing_orgId_createdAt_idx" ON "listing"("orgId", "createdAt" DESC);

-- CreateIndex
CREATE INDEX "listing_status_idx" ON "listing"("status");

-- CreateIndex
CREATE INDEX "node_verification_dueAt_idx" ON "node_verification"("dueAt");

-- CreateIndex
CREATE INDEX "node_verification_status_idx" ON "node_verification"("status");

-- CreateIndex
CREATE INDEX "verification_check_nodeId_kind_checkedAt_idx" ON "verification_check"("nodeId", "kind", "checkedAt" DESC);

-- CreateIndex
CREATE INDEX "verification_check_verdict_checkedAt_idx" ON "verification_check"("verdict", "checkedAt" DESC);

-- CreateIndex
CREATE INDEX "gpu_claim_uuid_idx" ON "gpu_claim"("uuid");

-- CreateIndex
CREATE INDEX "replay_trial_nodeId_triedAt_idx" ON "replay_trial"("nodeId", "triedAt" DESC);

-- CreateIndex
CREATE INDEX "stake_order_providerId_createdAt_idx" ON "stake_order"("providerId", "createdAt" DESC);

-- CreateIndex
CREATE INDEX "stake_order_status_idx" ON "stake_order"("status");

-- Nodes that are listed already are due at once, and keep the GPUs that they have named.
INSERT INTO "node_verification" ("nodeId", "dueAt") SELECT "nodeId", now() FROM "node" WHERE "status" <> 'revoked';
INSERT INTO "gpu_claim" ("nodeId", "uuid", "claimedAt")
SELECT DISTINCT n."nodeId", lower(u.uuid), n."createdAt" AT TIME ZONE 'UTC'
FROM "node" n,
     jsonb_array_elements(CASE WHEN jsonb_typeof(n."inventory" -> 'gpus') = 'array' THEN n."inventory" -> 'gpus' ELSE '[]' END) AS g,
     jsonb_array_elements_text(CASE WHEN jsonb_typeof(g -> 'uuids') = 'array' THEN g -> 'uuids' ELSE '[]' END) AS u(uuid)
WHERE n."status" <> 'revoked';
