-- Receipts whose token counts are more than their text, and what was taken off them.

-- CreateTable
CREATE TABLE "metering_recount" (
    "lane" TEXT NOT NULL,
    "seq" BIGINT NOT NULL,
    "requestId" TEXT NOT NULL,
    "attempt" INTEGER NOT NULL,
    "orgId" TEXT NOT NULL,
    "channelId" TEXT NOT NULL,
    "providerId" TEXT NOT NULL,
    "nodeId" TEXT NOT NULL,
    "model" TEXT NOT NULL,
    "billedIn" INTEGER NOT NULL,
    "billedCached" INTEGER NOT NULL,
    "billedOut" INTEGER NOT NULL,
    "recountedIn" INTEGER NOT NULL,
    "recountedCached" INTEGER NOT NULL,
    "recountedOut" INTEGER NOT NULL,
    "countedIn" INTEGER,
    "countedOut" INTEGER,
    "priceMicroUsd" BIGINT NOT NULL,
    "refundMicroUsd" BIGINT NOT NULL,
    "countedAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "metering_recount_pkey" PRIMARY KEY ("lane","seq")
);

-- CreateIndex
CREATE INDEX "metering_recount_requestId_idx" ON "metering_recount"("requestId");

-- CreateIndex
CREATE INDEX "metering_recount_providerId_countedAt_idx" ON "metering_recount"("providerId", "countedAt" DESC);

-- CreateIndex
CREATE INDEX "metering_recount_nodeId_countedAt_idx" ON "metering_recount"("nodeId", "countedAt" DESC);

-- CreateIndex
CREATE INDEX "metering_recount_countedAt_idx" ON "metering_recount"("countedAt" DESC);
