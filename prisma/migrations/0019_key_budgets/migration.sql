-- What one API key may spend in each period, and what was billed through each key, by UTC day and lane.

-- CreateEnum
CREATE TYPE "BudgetPeriod" AS ENUM ('day', 'month', 'total');

-- CreateTable
CREATE TABLE "api_key_budget" (
    "keyId" TEXT NOT NULL,
    "period" "BudgetPeriod" NOT NULL,
    "microUsd" BIGINT NOT NULL,
    "version" BIGSERIAL NOT NULL,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "api_key_budget_pkey" PRIMARY KEY ("keyId")
);

-- CreateTable
CREATE TABLE "api_key_spend" (
    "keyId" TEXT NOT NULL,
    "day" DATE NOT NULL,
    "lane" TEXT NOT NULL,
    "microUsd" BIGINT NOT NULL,

    CONSTRAINT "api_key_spend_pkey" PRIMARY KEY ("keyId","day","lane")
);

-- CreateIndex
CREATE INDEX "api_key_budget_updatedAt_idx" ON "api_key_budget"("updatedAt");

-- What is on record from before counts too.
INSERT INTO "api_key_spend" ("keyId", "day", "lane", "microUsd")
SELECT "request"."keyId", ("request"."receivedAt" AT TIME ZONE 'UTC')::date, "receipt"."lane", sum("receipt"."priceMicroUsd")::bigint
FROM "receipt" JOIN "request" ON "request"."id" = "receipt"."requestId"
WHERE "request"."keyId" IS NOT NULL AND "receipt"."priceMicroUsd" > 0
GROUP BY 1, 2, 3;
