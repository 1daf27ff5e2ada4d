-- Witnesses, and the newest round trip from each to each node: what the marketplace sorts and filters by. The round trips under
-- the newest verdicts on regions are taken over; where witnesses answer, the worker writes at their next check.

-- CreateTable
CREATE TABLE "witness" (
    "address" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "url" TEXT NOT NULL,
    "simulated" BOOLEAN NOT NULL,
    "seenAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "witness_pkey" PRIMARY KEY ("address")
);

-- CreateTable
CREATE TABLE "witness_rtt" (
    "witness" TEXT NOT NULL,
    "nodeId" TEXT NOT NULL,
    "rttUs" INTEGER NOT NULL,
    "simulated" BOOLEAN NOT NULL,
    "measuredAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "witness_rtt_pkey" PRIMARY KEY ("witness","nodeId")
);

-- CreateIndex
CREATE INDEX "witness_name_idx" ON "witness"("name");

INSERT INTO "witness_rtt" ("witness", "nodeId", "rttUs", "simulated", "measuredAt")
SELECT DISTINCT ON (report->'witness'->>'witness', newest."nodeId") report->'witness'->>'witness', newest."nodeId",
    (report->>'minRttUs')::int, (report->>'simulated')::boolean, newest."checkedAt"
FROM (
    SELECT DISTINCT ON ("nodeId") "nodeId", "checkedAt", "inputs" FROM "verification_check"
    WHERE "kind" = 'region' ORDER BY "nodeId", "checkedAt" DESC
) newest
CROSS JOIN LATERAL jsonb_array_elements(CASE jsonb_typeof(newest."inputs"->'reports') WHEN 'array' THEN newest."inputs"->'reports' ELSE '[]' END) signed
CROSS JOIN LATERAL (SELECT signed->'report' AS report) each
WHERE report->'witness'->>'witness' IS NOT NULL AND (report->>'minRttUs')::bigint BETWEEN 0 AND 2147483647
ORDER BY 1, 2, (report->>'minRttUs')::bigint;
