-- What the marketplace and the usage page read, as the worker keeps it. The tables start empty and are filled within a
-- minute; the indexes serve lists of requests by status and by model, and the hours that are counted again.

-- CreateTable
CREATE TABLE "offer" (
    "nodeId" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "providerId" TEXT NOT NULL,
    "providerName" TEXT NOT NULL,
    "region" TEXT NOT NULL,
    "country" TEXT NOT NULL,
    "tier" "Tier" NOT NULL,
    "dataPolicy" "DataPolicy" NOT NULL,
    "trust" "TrustLevel" NOT NULL,
    "gpuClass" TEXT NOT NULL,
    "hardware" TEXT NOT NULL,
    "gpuCount" INTEGER NOT NULL,
    "memoryMib" INTEGER NOT NULL,
    "simulated" BOOLEAN NOT NULL,
    "models" TEXT[],
    "words" TEXT NOT NULL,
    "inMicroUsdPerMtok" BIGINT NOT NULL,
    "outMicroUsdPerMtok" BIGINT NOT NULL,
    "gpuHourMicroUsd" BIGINT,
    "termsHash" TEXT NOT NULL,
    "listedAt" TIMESTAMPTZ(3) NOT NULL,
    "live" BOOLEAN NOT NULL DEFAULT false,
    "freeSlots" INTEGER,
    "slots" INTEGER,
    "ttftP50Ms" DOUBLE PRECISION,
    "ttftP95Ms" DOUBLE PRECISION,
    "tokensPerSecond" DOUBLE PRECISION,
    "effectiveMicroUsdPerMtok" BIGINT,
    "samples" INTEGER NOT NULL DEFAULT 0,
    "measuredAt" TIMESTAMPTZ(3),

    CONSTRAINT "offer_pkey" PRIMARY KEY ("nodeId")
);

-- CreateTable
CREATE TABLE "node_hour" (
    "nodeId" TEXT NOT NULL,
    "hour" TIMESTAMPTZ(3) NOT NULL,
    "attempts" INTEGER NOT NULL,
    "faults" INTEGER NOT NULL,
    "ttftP50Ms" DOUBLE PRECISION,
    "ttftP95Ms" DOUBLE PRECISION,
    "tokensPerSecond" DOUBLE PRECISION,
    "tokensIn" BIGINT NOT NULL,
    "tokensOut" BIGINT NOT NULL,
    "priceMicroUsd" BIGINT NOT NULL,

    CONSTRAINT "node_hour_pkey" PRIMARY KEY ("nodeId","hour")
);

-- CreateTable
CREATE TABLE "usage_hour" (
    "orgId" TEXT NOT NULL,
    "hour" TIMESTAMPTZ(3) NOT NULL,
    "model" TEXT NOT NULL,
    "requests" INTEGER NOT NULL,
    "failed" INTEGER NOT NULL,
    "tokensIn" BIGINT NOT NULL,
    "tokensCached" BIGINT NOT NULL,
    "tokensOut" BIGINT NOT NULL,
    "priceMicroUsd" BIGINT NOT NULL,
    "ttftSumMs" DOUBLE PRECISION NOT NULL,
    "ttftCount" INTEGER NOT NULL,

    CONSTRAINT "usage_hour_pkey" PRIMARY KEY ("orgId","hour","model")
);

-- CreateIndex
CREATE UNIQUE INDEX "offer_id_key" ON "offer"("id");

-- CreateIndex
CREATE INDEX "offer_providerId_idx" ON "offer"("providerId");

-- CreateIndex
CREATE INDEX "receipt_nodeId_startedAtMs_idx" ON "receipt"("nodeId", "startedAtMs" DESC);

-- CreateIndex
CREATE INDEX "receipt_startedAtMs_idx" ON "receipt" USING BRIN ("startedAtMs");

-- CreateIndex
CREATE INDEX "request_orgId_status_receivedAt_idx" ON "request"("orgId", "status", "receivedAt" DESC);

-- CreateIndex
CREATE INDEX "request_orgId_model_receivedAt_idx" ON "request"("orgId", "model", "receivedAt" DESC);

-- CreateIndex
CREATE INDEX "request_receivedAt_idx" ON "request" USING BRIN ("receivedAt");
