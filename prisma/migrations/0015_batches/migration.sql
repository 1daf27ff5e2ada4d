-- Files of customers and batches of requests; a batch's lines are jobs, one for each (batch, line).

-- CreateEnum
CREATE TYPE "BatchStatus" AS ENUM ('validating', 'in_progress', 'finalizing', 'completed', 'failed', 'expired', 'cancelling', 'cancelled');

-- AlterEnum
ALTER TYPE "JobKind" ADD VALUE 'batch';

-- AlterTable
ALTER TABLE "job" ADD COLUMN     "batchId" TEXT,
ADD COLUMN     "batchLine" INTEGER,
ADD COLUMN     "customId" TEXT;

-- CreateTable
CREATE TABLE "stored_file" (
    "id" TEXT NOT NULL,
    "orgId" TEXT NOT NULL,
    "purpose" TEXT NOT NULL,
    "filename" TEXT NOT NULL,
    "ready" BOOLEAN NOT NULL DEFAULT false,
    "bytes" BIGINT NOT NULL DEFAULT 0,
    "sha256" TEXT,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "stored_file_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "file_chunk" (
    "fileId" TEXT NOT NULL,
    "index" INTEGER NOT NULL,
    "data" BYTEA NOT NULL,

    CONSTRAINT "file_chunk_pkey" PRIMARY KEY ("fileId","index")
);

-- CreateTable
CREATE TABLE "batch" (
    "id" TEXT NOT NULL,
    "orgId" TEXT NOT NULL,
    "keyId" TEXT,
    "endpoint" TEXT NOT NULL,
    "inputFileId" TEXT NOT NULL,
    "metadata" JSONB,
    "status" "BatchStatus" NOT NULL DEFAULT 'validating',
    "endAs" "BatchStatus",
    "idempotencyKey" TEXT,
    "fingerprint" TEXT,
    "model" TEXT,
    "total" INTEGER NOT NULL DEFAULT 0,
    "linesQueued" INTEGER NOT NULL DEFAULT 0,
    "nextByte" INTEGER NOT NULL DEFAULT 0,
    "nextLine" INTEGER NOT NULL DEFAULT 1,
    "completed" INTEGER NOT NULL DEFAULT 0,
    "failed" INTEGER NOT NULL DEFAULT 0,
    "errors" JSONB,
    "outOfMoneyAt" TIMESTAMPTZ(3),
    "outputFileId" TEXT,
    "errorFileId" TEXT,
    "outputExpiresAfterS" INTEGER,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,
    "inProgressAt" TIMESTAMPTZ(3),
    "finalizingAt" TIMESTAMPTZ(3),
    "cancellingAt" TIMESTAMPTZ(3),
    "endedAt" TIMESTAMPTZ(3),

    CONSTRAINT "batch_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "stored_file_orgId_createdAt_id_idx" ON "stored_file"("orgId", "createdAt" DESC, "id");

-- CreateIndex
CREATE INDEX "stored_file_expiresAt_idx" ON "stored_file"("expiresAt");

-- CreateIndex
CREATE INDEX "stored_file_ready_createdAt_idx" ON "stored_file"("ready", "createdAt");

-- CreateIndex
CREATE INDEX "batch_orgId_createdAt_id_idx" ON "batch"("orgId", "createdAt" DESC, "id");

-- CreateIndex
CREATE INDEX "batch_status_createdAt_idx" ON "batch"("status", "createdAt");

-- CreateIndex
CREATE INDEX "batch_inputFileId_idx" ON "batch"("inputFileId");

-- CreateIndex
CREATE UNIQUE INDEX "batch_orgId_idempotencyKey_key" ON "batch"("orgId", "idempotencyKey");

-- CreateIndex
CREATE UNIQUE INDEX "job_batchId_batchLine_key" ON "job"("batchId", "batchLine");

-- AddForeignKey
ALTER TABLE "file_chunk" ADD CONSTRAINT "file_chunk_fileId_fkey" FOREIGN KEY ("fileId") REFERENCES "stored_file"("id") ON DELETE CASCADE ON UPDATE CASCADE;
