-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateEnum
CREATE TYPE "ChannelCustody" AS ENUM ('managed', 'wallet');

-- CreateEnum
CREATE TYPE "MovementKind" AS ENUM ('deposit', 'ceiling', 'claim', 'withdrawal_requested', 'withdrawal');

-- CreateEnum
CREATE TYPE "RoutingSort" AS ENUM ('price', 'latency', 'balanced');

-- CreateEnum
CREATE TYPE "NodeStatus" AS ENUM ('joining', 'active', 'revoked');

-- CreateEnum
CREATE TYPE "RequestStatus" AS ENUM ('succeeded', 'failed', 'aborted');

-- CreateEnum
CREATE TYPE "JobStatus" AS ENUM ('queued', 'running', 'succeeded', 'failed', 'cancelled');

-- CreateEnum
CREATE TYPE "EpochStatus" AS ENUM ('closed', 'anchored', 'claimed', 'settled');

-- CreateTable
CREATE TABLE "control_counter" (
    "id" INTEGER NOT NULL,
    "version" BIGINT NOT NULL,

    CONSTRAINT "control_counter_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "control_event" (
    "version" BIGINT NOT NULL,
    "state" JSONB NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "published" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "control_event_pkey" PRIMARY KEY ("version")
);

-- CreateTable
CREATE TABLE "user" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "emailVerified" BOOLEAN NOT NULL DEFAULT false,
    "image" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    "role" TEXT NOT NULL DEFAULT 'user',

    CONSTRAINT "user_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "session" (
    "id" TEXT NOT NULL,
    "expiresAt" TIMESTAMP(3) NOT NULL,
    "token" TEXT NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    "ipAddress" TEXT,
    "userAgent" TEXT,
    "userId" TEXT NOT NULL,
    "activeOrganizationId" TEXT,

    CONSTRAINT "session_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "account" (
    "id" TEXT NOT NULL,
    "accountId" TEXT NOT NULL,
    "providerId" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "accessToken" TEXT,
    "refreshToken" TEXT,
    "idToken" TEXT,
    "accessTokenExpiresAt" TIMESTAMP(3),
    "refreshTokenExpiresAt" TIMESTAMP(3),
    "scope" TEXT,
    "password" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "account_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "verification" (
    "id" TEXT NOT NULL,
    "identifier" TEXT NOT NULL,
    "value" TEXT NOT NULL,
    "expiresAt" TIMESTAMP(3) NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "verification_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "organization" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "slug" TEXT NOT NULL,
    "logo" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "metadata" TEXT,

    CONSTRAINT "organization_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "member" (
    "id" TEXT NOT NULL,
    "organizationId" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "role" TEXT NOT NULL DEFAULT 'member',
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "member_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "invitation" (
    "id" TEXT NOT NULL,
    "organizationId" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "role" TEXT,
    "status" TEXT NOT NULL DEFAULT 'pending',
    "expiresAt" TIMESTAMP(3) NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "inviterId" TEXT NOT NULL,

    CONSTRAINT "invitation_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "wallet_address" (
    "id" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "address" TEXT NOT NULL,
    "chainId" INTEGER NOT NULL,
    "isPrimary" BOOLEAN NOT NULL DEFAULT false,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "wallet_address_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "apikey" (
    "id" TEXT NOT NULL,
    "configId" TEXT NOT NULL DEFAULT 'default',
    "name" TEXT,
    "start" TEXT,
    "referenceId" TEXT NOT NULL,
    "prefix" TEXT,
    "key" TEXT NOT NULL,
    "refillInterval" INTEGER,
    "refillAmount" INTEGER,
    "lastRefillAt" TIMESTAMP(3),
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "rateLimitEnabled" BOOLEAN NOT NULL DEFAULT false,
    "rateLimitTimeWindow" INTEGER,
    "rateLimitMax" INTEGER,
    "requestCount" INTEGER NOT NULL DEFAULT 0,
    "remaining" INTEGER,
    "lastRequest" TIMESTAMP(3),
    "expiresAt" TIMESTAMP(3),
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    "permissions" TEXT,
    "metadata" TEXT,

    CONSTRAINT "apikey_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "channel" (
    "id" TEXT NOT NULL,
    "orgId" TEXT NOT NULL,
    "custody" "ChannelCustody" NOT NULL,
    "ownerAddress" TEXT NOT NULL,
    "salt" TEXT NOT NULL,
    "depositedMicroUsd" BIGINT NOT NULL DEFAULT 0,
    "withdrawingMicroUsd" BIGINT NOT NULL DEFAULT 0,
    "withdrawnMicroUsd" BIGINT NOT NULL DEFAULT 0,
    "ceilingMicroUsd" BIGINT NOT NULL DEFAULT 0,
    "claimedMicroUsd" BIGINT NOT NULL DEFAULT 0,
    "openedTx" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "channel_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "channel_movement" (
    "id" TEXT NOT NULL,
    "channelId" TEXT NOT NULL,
    "kind" "MovementKind" NOT NULL,
    "microUsd" BIGINT NOT NULL,
    "txHash" TEXT NOT NULL,
    "logIndex" INTEGER NOT NULL,
    "blockNumber" BIGINT NOT NULL,
    "atMs" BIGINT NOT NULL,

    CONSTRAINT "channel_movement_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "funding_order" (
    "id" TEXT NOT NULL,
    "orgId" TEXT NOT NULL,
    "microUsd" BIGINT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'requested',
    "txHash" TEXT,
    "error" TEXT,
    "requestedBy" TEXT NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "funding_order_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "org_settings" (
    "orgId" TEXT NOT NULL,
    "sort" "RoutingSort" NOT NULL DEFAULT 'balanced',
    "valueOfSecondMicroUsd" BIGINT NOT NULL DEFAULT 200,
    "requestsPerMinuteMax" INTEGER NOT NULL DEFAULT 6000,
    "concurrentRequestsMax" INTEGER NOT NULL DEFAULT 256,
    "updatedAt" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "org_settings_pkey" PRIMARY KEY ("orgId")
);

-- CreateTable
CREATE TABLE "provider" (
    "id" TEXT NOT NULL,
    "orgId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "ownerAddress" TEXT NOT NULL,
    "payoutAddress" TEXT NOT NULL,
    "salt" TEXT NOT NULL,
    "feeBps" INTEGER NOT NULL,
    "registeredTx" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "provider_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "terms" (
    "hash" TEXT NOT NULL,
    "providerId" TEXT NOT NULL,
    "document" JSONB NOT NULL,
    "registeredTx" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "terms_pkey" PRIMARY KEY ("hash")
);

-- CreateTable
CREATE TABLE "node" (
    "nodeId" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "providerId" TEXT NOT NULL,
    "termsHash" TEXT NOT NULL,
    "status" "NodeStatus" NOT NULL DEFAULT 'joining',
    "region" TEXT NOT NULL,
    "country" TEXT NOT NULL,
    "failureDomain" TEXT NOT NULL,
    "simulated" BOOLEAN NOT NULL DEFAULT false,
    "inventory" JSONB,
    "models" JSONB,
    "keyProof" TEXT,
    "keyTx" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "node_pkey" PRIMARY KEY ("nodeId")
);

-- CreateTable
CREATE TABLE "join_token" (
    "id" TEXT NOT NULL,
    "tokenHash" TEXT NOT NULL,
    "providerId" TEXT NOT NULL,
    "nodeName" TEXT NOT NULL,
    "region" TEXT NOT NULL,
    "country" TEXT NOT NULL,
    "prices" JSONB NOT NULL,
    "usedByNodeId" TEXT,
    "usedAt" TIMESTAMP(3),
    "expiresAt" TIMESTAMP(3) NOT NULL,
    "createdBy" TEXT NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "join_token_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "request" (
    "id" TEXT NOT NULL,
    "idHash" TEXT NOT NULL,
    "orgId" TEXT NOT NULL,
    "keyId" TEXT,
    "jobId" TEXT,
    "channelId" TEXT NOT NULL,
    "lane" TEXT NOT NULL,
    "path" TEXT NOT NULL,
    "model" TEXT NOT NULL,
    "stream" BOOLEAN NOT NULL,
    "status" "RequestStatus" NOT NULL,
    "httpStatus" INTEGER NOT NULL,
    "errorCode" TEXT,
    "errorMessage" TEXT,
    "receivedAt" TIMESTAMPTZ(3) NOT NULL,
    "finishedAt" TIMESTAMPTZ(3) NOT NULL,
    "ttftMs" DOUBLE PRECISION,
    "tpotMs" DOUBLE PRECISION,
    "tokensIn" INTEGER NOT NULL,
    "tokensCached" INTEGER NOT NULL,
    "tokensOut" INTEGER NOT NULL,
    "priceMicroUsd" BIGINT NOT NULL,
    "nodeId" TEXT,
    "attempts" JSONB NOT NULL,
    "placement" JSONB NOT NULL,

    CONSTRAINT "request_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "receipt" (
    "lane" TEXT NOT NULL,
    "seq" BIGINT NOT NULL,
    "deliveryHash" TEXT NOT NULL,
    "workHash" TEXT,
    "requestId" TEXT NOT NULL,
    "requestIdHash" TEXT NOT NULL,
    "attempt" INTEGER NOT NULL,
    "nodeId" TEXT NOT NULL,
    "channelId" TEXT NOT NULL,
    "priceMicroUsd" BIGINT NOT NULL,
    "fault" INTEGER NOT NULL,
    "startedAtMs" BIGINT NOT NULL,
    "delivery" JSONB NOT NULL,
    "deliverySignature" TEXT NOT NULL,
    "work" JSONB,
    "workSignature" TEXT,
    "epoch" BIGINT,

    CONSTRAINT "receipt_pkey" PRIMARY KEY ("lane","seq")
);

-- CreateTable
CREATE TABLE "job" (
    "id" TEXT NOT NULL,
    "orgId" TEXT NOT NULL,
    "keyId" TEXT,
    "requestId" TEXT NOT NULL,
    "path" TEXT NOT NULL,
    "model" TEXT NOT NULL,
    "body" JSONB NOT NULL,
    "status" "JobStatus" NOT NULL DEFAULT 'queued',
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "attemptsMax" INTEGER NOT NULL DEFAULT 8,
    "nodeId" TEXT,
    "placement" JSONB,
    "answer" JSONB,
    "httpStatus" INTEGER,
    "error" TEXT,
    "deadlineAt" TIMESTAMP(3),
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "startedAt" TIMESTAMPTZ(3),
    "finishedAt" TIMESTAMPTZ(3),

    CONSTRAINT "job_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "epoch" (
    "lane" TEXT NOT NULL,
    "epoch" BIGINT NOT NULL,
    "status" "EpochStatus" NOT NULL DEFAULT 'closed',
    "root" TEXT NOT NULL,
    "count" BIGINT NOT NULL,
    "sumMicroUsd" BIGINT NOT NULL,
    "dataHash" TEXT NOT NULL,
    "fromSeq" BIGINT NOT NULL,
    "toSeq" BIGINT NOT NULL,
    "anchor" JSONB NOT NULL,
    "anchorSignature" TEXT NOT NULL,
    "closedAtMs" BIGINT NOT NULL,
    "anchoredTx" TEXT,
    "claimedTx" TEXT,
    "settledTx" TEXT,
    "payableAtS" BIGINT,
    "updatedAt" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "epoch_pkey" PRIMARY KEY ("lane","epoch")
);

-- CreateTable
CREATE TABLE "voucher" (
    "lane" TEXT NOT NULL,
    "epoch" BIGINT NOT NULL,
    "channelId" TEXT NOT NULL,
    "providerId" TEXT NOT NULL,
    "cumulativeMicroUsd" BIGINT NOT NULL,
    "receiptRoot" TEXT NOT NULL,
    "signature" TEXT NOT NULL,
    "paidMicroUsd" BIGINT,
    "skippedReason" TEXT,
    "claimedTx" TEXT,

    CONSTRAINT "voucher_pkey" PRIMARY KEY ("lane","epoch","channelId","providerId")
);

-- CreateTable
CREATE TABLE "payout" (
    "txHash" TEXT NOT NULL,
    "logIndex" INTEGER NOT NULL,
    "providerId" TEXT NOT NULL,
    "epoch" BIGINT NOT NULL,
    "grossMicroUsd" BIGINT NOT NULL,
    "feeMicroUsd" BIGINT NOT NULL,
    "netMicroUsd" BIGINT NOT NULL,
    "blockNumber" BIGINT NOT NULL,
    "atMs" BIGINT NOT NULL,

    CONSTRAINT "payout_pkey" PRIMARY KEY ("txHash","logIndex")
);

-- CreateTable
CREATE TABLE "chain_transaction" (
    "id" TEXT NOT NULL,
    "purpose" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "txHash" TEXT,
    "status" TEXT NOT NULL,
    "error" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "chain_transaction_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "chain_cursor" (
    "id" TEXT NOT NULL,
    "blockNumber" BIGINT NOT NULL,
    "blockHash" TEXT NOT NULL,

    CONSTRAINT "chain_cursor_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "gateway_lane" (
    "lane" TEXT NOT NULL,
    "url" TEXT NOT NULL,
    "region" TEXT NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "gateway_lane_pkey" PRIMARY KEY ("lane")
);

-- CreateIndex
CREATE INDEX "control_event_published_version_idx" ON "control_event"("published", "version");

-- CreateIndex
CREATE UNIQUE INDEX "user_email_key" ON "user"("email");

-- CreateIndex
CREATE UNIQUE INDEX "session_token_key" ON "session"("token");

-- CreateIndex
CREATE INDEX "session_userId_idx" ON "session"("userId");

-- CreateIndex
CREATE INDEX "account_userId_idx" ON "account"("userId");

-- CreateIndex
CREATE INDEX "verification_identifier_idx" ON "verification"("identifier");

-- CreateIndex
CREATE UNIQUE INDEX "organization_slug_key" ON "organization"("slug");

-- CreateIndex
CREATE INDEX "member_organizationId_idx" ON "member"("organizationId");

-- CreateIndex
CREATE INDEX "member_userId_idx" ON "member"("userId");

-- CreateIndex
CREATE INDEX "invitation_organizationId_idx" ON "invitation"("organizationId");

-- CreateIndex
CREATE INDEX "wallet_address_userId_idx" ON "wallet_address"("userId");

-- CreateIndex
CREATE UNIQUE INDEX "apikey_key_key" ON "apikey"("key");

-- CreateIndex
CREATE INDEX "apikey_referenceId_idx" ON "apikey"("referenceId");

-- CreateIndex
CREATE INDEX "apikey_configId_idx" ON "apikey"("configId");

-- CreateIndex
CREATE UNIQUE INDEX "channel_orgId_key" ON "channel"("orgId");

-- CreateIndex
CREATE INDEX "channel_movement_channelId_blockNumber_idx" ON "channel_movement"("channelId", "blockNumber");

-- CreateIndex
CREATE UNIQUE INDEX "channel_movement_txHash_logIndex_key" ON "channel_movement"("txHash", "logIndex");

-- CreateIndex
CREATE INDEX "funding_order_orgId_createdAt_idx" ON "funding_order"("orgId", "createdAt");

-- CreateIndex
CREATE INDEX "funding_order_status_idx" ON "funding_order"("status");

-- CreateIndex
CREATE UNIQUE INDEX "provider_orgId_key" ON "provider"("orgId");

-- CreateIndex
CREATE INDEX "terms_providerId_idx" ON "terms"("providerId");

-- CreateIndex
CREATE UNIQUE INDEX "node_id_key" ON "node"("id");

-- CreateIndex
CREATE INDEX "node_providerId_idx" ON "node"("providerId");

-- CreateIndex
CREATE UNIQUE INDEX "join_token_tokenHash_key" ON "join_token"("tokenHash");

-- CreateIndex
CREATE INDEX "join_token_providerId_idx" ON "join_token"("providerId");

-- CreateIndex
CREATE UNIQUE INDEX "request_idHash_key" ON "request"("idHash");

-- CreateIndex
CREATE INDEX "request_orgId_receivedAt_idx" ON "request"("orgId", "receivedAt" DESC);

-- CreateIndex
CREATE INDEX "request_nodeId_receivedAt_idx" ON "request"("nodeId", "receivedAt" DESC);

-- CreateIndex
CREATE INDEX "request_jobId_idx" ON "request"("jobId");

-- CreateIndex
CREATE UNIQUE INDEX "receipt_deliveryHash_key" ON "receipt"("deliveryHash");

-- CreateIndex
CREATE INDEX "receipt_requestId_idx" ON "receipt"("requestId");

-- CreateIndex
CREATE INDEX "receipt_nodeId_epoch_idx" ON "receipt"("nodeId", "epoch");

-- CreateIndex
CREATE INDEX "receipt_channelId_idx" ON "receipt"("channelId");

-- CreateIndex
CREATE INDEX "receipt_lane_epoch_idx" ON "receipt"("lane", "epoch");

-- CreateIndex
CREATE UNIQUE INDEX "job_requestId_key" ON "job"("requestId");

-- CreateIndex
CREATE INDEX "job_orgId_createdAt_idx" ON "job"("orgId", "createdAt" DESC);

-- CreateIndex
CREATE INDEX "job_status_createdAt_idx" ON "job"("status", "createdAt");

-- CreateIndex
CREATE INDEX "epoch_status_idx" ON "epoch"("status");

-- CreateIndex
CREATE INDEX "voucher_channelId_idx" ON "voucher"("channelId");

-- CreateIndex
CREATE INDEX "voucher_providerId_idx" ON "voucher"("providerId");

-- CreateIndex
CREATE INDEX "payout_providerId_epoch_idx" ON "payout"("providerId", "epoch");

-- CreateIndex
CREATE INDEX "chain_transaction_purpose_subject_idx" ON "chain_transaction"("purpose", "subject");

-- AddForeignKey
ALTER TABLE "session" ADD CONSTRAINT "session_userId_fkey" FOREIGN KEY ("userId") REFERENCES "user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "account" ADD CONSTRAINT "account_userId_fkey" FOREIGN KEY ("userId") REFERENCES "user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "member" ADD CONSTRAINT "member_organizationId_fkey" FOREIGN KEY ("organizationId") REFERENCES "organization"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "member" ADD CONSTRAINT "member_userId_fkey" FOREIGN KEY ("userId") REFERENCES "user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "invitation" ADD CONSTRAINT "invitation_organizationId_fkey" FOREIGN KEY ("organizationId") REFERENCES "organization"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "invitation" ADD CONSTRAINT "invitation_inviterId_fkey" FOREIGN KEY ("inviterId") REFERENCES "user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "wallet_address" ADD CONSTRAINT "wallet_address_userId_fkey" FOREIGN KEY ("userId") REFERENCES "user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "channel_movement" ADD CONSTRAINT "channel_movement_channelId_fkey" FOREIGN KEY ("channelId") REFERENCES "channel"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "terms" ADD CONSTRAINT "terms_providerId_fkey" FOREIGN KEY ("providerId") REFERENCES "provider"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "node" ADD CONSTRAINT "node_providerId_fkey" FOREIGN KEY ("providerId") REFERENCES "provider"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "node" ADD CONSTRAINT "node_termsHash_fkey" FOREIGN KEY ("termsHash") REFERENCES "terms"("hash") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "join_token" ADD CONSTRAINT "join_token_providerId_fkey" FOREIGN KEY ("providerId") REFERENCES "provider"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "receipt" ADD CONSTRAINT "receipt_requestId_fkey" FOREIGN KEY ("requestId") REFERENCES "request"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "voucher" ADD CONSTRAINT "voucher_lane_epoch_fkey" FOREIGN KEY ("lane", "epoch") REFERENCES "epoch"("lane", "epoch") ON DELETE RESTRICT ON UPDATE CASCADE;
