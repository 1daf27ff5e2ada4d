-- Disputes as the chain has them, documents by hash, what the worker is to send, and an append-only log of what staff did.

-- CreateEnum
CREATE TYPE "DisputeKind" AS ENUM ('overcharge', 'not_delivered', 'wrong_output', 'withheld');

-- CreateEnum
CREATE TYPE "DisputeState" AS ENUM ('filed', 'answered', 'drawn', 'ruled', 'appealed', 'appeal_drawn', 'appeal_ruled', 'executed', 'dismissed', 'lapsed');

-- CreateTable
CREATE TABLE "dispute" (
    "id" BIGINT NOT NULL,
    "state" "DisputeState" NOT NULL,
    "kind" "DisputeKind" NOT NULL,
    "filer" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "channelId" TEXT NOT NULL,
    "providerId" TEXT NOT NULL,
    "lane" TEXT NOT NULL,
    "epoch" BIGINT NOT NULL,
    "amountMicroUsd" BIGINT NOT NULL,
    "priceMicroUsd" BIGINT NOT NULL,
    "bondMicroUsd" BIGINT NOT NULL,
    "frozenMicroUsd" BIGINT NOT NULL,
    "lockedMicroUsd" BIGINT NOT NULL,
    "refundMicroUsd" BIGINT NOT NULL,
    "appellant" TEXT,
    "appealBondMicroUsd" BIGINT NOT NULL,
    "appealRefundMicroUsd" BIGINT NOT NULL,
    "deadlineS" BIGINT NOT NULL,
    "filedAtMs" BIGINT NOT NULL,
    "updatedAt" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "dispute_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "dispute_event" (
    "txHash" TEXT NOT NULL,
    "logIndex" INTEGER NOT NULL,
    "disputeId" BIGINT NOT NULL,
    "step" TEXT NOT NULL,
    "body" JSONB NOT NULL,
    "blockNumber" BIGINT NOT NULL,
    "atMs" BIGINT NOT NULL,

    CONSTRAINT "dispute_event_pkey" PRIMARY KEY ("txHash","logIndex")
);

-- CreateTable
CREATE TABLE "dispute_mark" (
    "disputeId" BIGINT NOT NULL,

    CONSTRAINT "dispute_mark_pkey" PRIMARY KEY ("disputeId")
);

-- CreateTable
CREATE TABLE "dispute_order" (
    "id" TEXT NOT NULL,
    "orgId" TEXT NOT NULL,
    "requestedBy" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "disputeId" BIGINT,
    "account" TEXT NOT NULL,
    "payload" JSONB NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'requested',
    "txHash" TEXT,
    "error" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "dispute_order_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "dispute_document" (
    "hash" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "mediaType" TEXT NOT NULL,
    "body" TEXT NOT NULL,
    "orgId" TEXT,
    "userId" TEXT NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "dispute_document_pkey" PRIMARY KEY ("hash"),
    CONSTRAINT "dispute_document_size" CHECK (octet_length("body") <= 65536)
);

-- CreateTable
CREATE TABLE "admin_audit" (
    "id" BIGSERIAL NOT NULL,
    "at" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "userId" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "outcome" TEXT NOT NULL,
    "detail" JSONB NOT NULL,

    CONSTRAINT "admin_audit_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "dispute_state_deadlineS_idx" ON "dispute"("state", "deadlineS");

-- CreateIndex
CREATE INDEX "dispute_providerId_idx" ON "dispute"("providerId");

-- CreateIndex
CREATE INDEX "dispute_channelId_idx" ON "dispute"("channelId");

-- CreateIndex
CREATE INDEX "dispute_filer_idx" ON "dispute"("filer");

-- CreateIndex
CREATE INDEX "dispute_event_disputeId_blockNumber_logIndex_idx" ON "dispute_event"("disputeId", "blockNumber", "logIndex");

-- CreateIndex
CREATE INDEX "dispute_event_blockNumber_idx" ON "dispute_event"("blockNumber");

-- CreateIndex
CREATE INDEX "dispute_order_status_createdAt_idx" ON "dispute_order"("status", "createdAt");

-- CreateIndex
CREATE INDEX "dispute_order_orgId_createdAt_idx" ON "dispute_order"("orgId", "createdAt");

-- An open order for each organisation, action and subject at most: a second click finds the first one's.
CREATE UNIQUE INDEX "dispute_order_open" ON "dispute_order"("orgId", "action", "subject") WHERE "status" IN ('requested', 'sent');

-- CreateIndex
CREATE INDEX "admin_audit_action_id_idx" ON "admin_audit"("action", "id");

-- CreateIndex
CREATE INDEX "admin_audit_userId_id_idx" ON "admin_audit"("userId", "id");

-- Written once, by whoever: the log only grows.
CREATE FUNCTION "admin_audit_is_append_only"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'admin_audit is append-only: % is refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER "admin_audit_no_change" BEFORE UPDATE OR DELETE ON "admin_audit"
    FOR EACH ROW EXECUTE FUNCTION "admin_audit_is_append_only"();

CREATE TRIGGER "admin_audit_no_truncate" BEFORE TRUNCATE ON "admin_audit"
    FOR EACH STATEMENT EXECUTE FUNCTION "admin_audit_is_append_only"();
