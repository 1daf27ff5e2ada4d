-- Tokens a minute of an organisation, and what a single key may ask; null = no limit of its own.

-- AlterTable
ALTER TABLE "org_settings" ADD COLUMN     "tokensPerMinuteMax" INTEGER;

-- CreateTable
CREATE TABLE "api_key_limits" (
    "keyId" TEXT NOT NULL,
    "requestsPerMinuteMax" INTEGER,
    "tokensPerMinuteMax" INTEGER,
    "updatedAt" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "api_key_limits_pkey" PRIMARY KEY ("keyId")
);
