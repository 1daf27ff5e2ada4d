-- The columns of an offer in the order in which a search reads them: what is of fixed length and always there first. Postgres
-- finds such a column without reading those before it; `live` lay behind a dozen texts, and half of a search was finding it.
-- Rows, keys and defaults stay.

-- RenameTable
ALTER TABLE "offer" RENAME TO "offer_before";
ALTER TABLE "offer_before" RENAME CONSTRAINT "offer_pkey" TO "offer_before_pkey";
ALTER INDEX "offer_id_key" RENAME TO "offer_before_id_key";
ALTER INDEX "offer_providerId_idx" RENAME TO "offer_before_providerId_idx";

-- CreateTable
CREATE TABLE "offer" (
    "inMicroUsdPerMtok" BIGINT NOT NULL,
    "outMicroUsdPerMtok" BIGINT NOT NULL,
    "listedAt" TIMESTAMPTZ(3) NOT NULL,
    "gpuCount" INTEGER NOT NULL,
    "memoryMib" INTEGER NOT NULL,
    "samples" INTEGER NOT NULL DEFAULT 0,
    "tier" "Tier" NOT NULL,
    "dataPolicy" "DataPolicy" NOT NULL,
    "trust" "TrustLevel" NOT NULL,
    "live" BOOLEAN NOT NULL DEFAULT false,
    "simulated" BOOLEAN NOT NULL,
    "gpuHourMicroUsd" BIGINT,
    "ttftP50Ms" DOUBLE PRECISION,
    "ttftP95Ms" DOUBLE PRECISION,
    "tokensPerSecond" DOUBLE PRECISION,
    "effectiveMicroUsdPerMtok" BIGINT,
    "measuredAt" TIMESTAMPTZ(3),
    "freeSlots" INTEGER,
    "slots" INTEGER,
    "id" TEXT NOT NULL,
    "region" TEXT NOT NULL,
    "country" TEXT NOT NULL,
    "gpuClass" TEXT NOT NULL,
    "models" TEXT[],
    "words" TEXT NOT NULL,
    "nodeId" TEXT NOT NULL,
    "providerId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "providerName" TEXT NOT NULL,
    "hardware" TEXT NOT NULL,
    "termsHash" TEXT NOT NULL,

    CONSTRAINT "offer_pkey" PRIMARY KEY ("nodeId")
);

INSERT INTO "offer" ("inMicroUsdPerMtok", "outMicroUsdPerMtok", "listedAt", "gpuCount", "memoryMib", "samples", "tier",
    "dataPolicy", "trust", "live", "simulated", "gpuHourMicroUsd", "ttftP50Ms", "ttftP95Ms", "tokensPerSecond",
    "effectiveMicroUsdPerMtok", "measuredAt", "freeSlots", "slots", "id", "region", "country", "gpuClass", "models", "words",
    "nodeId", "providerId", "name", "providerName", "hardware", "termsHash")
SELECT "inMicroUsdPerMtok", "outMicroUsdPerMtok", "listedAt", "gpuCount", "memoryMib", "samples", "tier",
    "dataPolicy", "trust", "live", "simulated", "gpuHourMicroUsd", "ttftP50Ms", "ttftP95Ms", "tokensPerSecond",
    "effectiveMicroUsdPerMtok", "measuredAt", "freeSlots", "slots", "id", "region", "country", "gpuClass", "models", "words",
    "nodeId", "providerId", "name", "providerName", "hardware", "termsHash"
FROM "offer_before";

DROP TABLE "offer_before";

-- CreateIndex
CREATE UNIQUE INDEX "offer_id_key" ON "offer"("id");

-- CreateIndex
CREATE INDEX "offer_providerId_idx" ON "offer"("providerId");

-- It has no statistics of its own yet.
ANALYZE "offer";
