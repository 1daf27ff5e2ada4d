-- Background responses, requests that opted to wait, retries, and the webhooks that tell of their end.

-- CreateEnum
CREATE TYPE "JobKind" AS ENUM ('queued', 'background', 'waiting');

-- CreateEnum
CREATE TYPE "WebhookStatus" AS ENUM ('pending', 'delivered', 'dead');

-- AlterTable
ALTER TABLE "job" ADD COLUMN     "dispatchedAt" TIMESTAMPTZ(3),
ADD COLUMN     "erasedAt" TIMESTAMPTZ(3),
ADD COLUMN     "gatewayUrl" TEXT,
ADD COLUMN     "kind" "JobKind" NOT NULL DEFAULT 'queued',
ADD COLUMN     "retryOf" TEXT,
ADD COLUMN     "source" JSONB,
ALTER COLUMN "deadlineAt" SET DATA TYPE TIMESTAMPTZ(3) USING "deadlineAt" AT TIME ZONE 'UTC';

-- CreateTable
CREATE TABLE "webhook_endpoint" (
    "id" TEXT NOT NULL,
    "orgId" TEXT NOT NULL,
    "url" TEXT NOT NULL,
    "secret" TEXT NOT NULL,
    "events" TEXT[],
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "webhook_endpoint_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "webhook_delivery" (
    "id" TEXT NOT NULL,
    "endpointId" TEXT NOT NULL,
    "orgId" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "jobId" TEXT NOT NULL,
    "payload" JSONB NOT NULL,
    "status" "WebhookStatus" NOT NULL DEFAULT 'pending',
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "nextAttemptAt" TIMESTAMPTZ(3) NOT NULL,
    "httpStatus" INTEGER,
    "error" TEXT,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "deliveredAt" TIMESTAMPTZ(3),

    CONSTRAINT "webhook_delivery_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "webhook_endpoint_orgId_createdAt_idx" ON "webhook_endpoint"("orgId", "createdAt");

-- CreateIndex
CREATE INDEX "webhook_delivery_endpointId_createdAt_idx" ON "webhook_delivery"("endpointId", "createdAt" DESC);

-- CreateIndex
CREATE INDEX "webhook_delivery_status_nextAttemptAt_idx" ON "webhook_delivery"("status", "nextAttemptAt");

-- CreateIndex
CREATE UNIQUE INDEX "webhook_delivery_endpointId_jobId_type_key" ON "webhook_delivery"("endpointId", "jobId", "type");

-- CreateIndex
CREATE UNIQUE INDEX "job_retryOf_key" ON "job"("retryOf");

-- CreateIndex
CREATE INDEX "job_orgId_finishedAt_idx" ON "job"("orgId", "finishedAt" DESC);

-- CreateIndex
CREATE INDEX "job_createdAt_idx" ON "job"("createdAt" DESC);

-- AddForeignKey
ALTER TABLE "webhook_delivery" ADD CONSTRAINT "webhook_delivery_endpointId_fkey" FOREIGN KEY ("endpointId") REFERENCES "webhook_endpoint"("id") ON DELETE CASCADE ON UPDATE CASCADE;
