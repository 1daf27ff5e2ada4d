/**
 * A market of the size that the pages must hold: offers, and requests with their receipts, made by Postgres itself.
 *
 * The rows have the shape and the spread of real ones (models, places, prices, times over thirty days), made from their
 * numbers alone, so every run has the same. Nothing in them is signed: what is measured here reads rows, and checks none.
 */
import type { Db } from '@isochrone/db'
import { redisKeys } from '@isochrone/protocol'
import type { Redis } from 'ioredis'

export interface MarketSize {
  offers: number
  requests: number
}

const models = ['llama-3.3-70b', 'qwen3-32b', 'deepseek-v3.2', 'mistral-small-3.2', 'gpt-oss-120b']
/** By name. */
export const witnesses = ['Amsterdam', 'Singapore', 'Virginia']
const chunk = 100_000

export async function fillMarket(db: Db, orgId: string, size: MarketSize): Promise<void> {
  const provider = await db.provider.findFirstOrThrow()
  await fillOffers(db, provider.id, size.offers)
  await fillRtts(db, size.offers)
  for (let from = 0; from < size.requests; from += chunk) {
    await fillRequests(db, { orgId, from, to: Math.min(size.requests, from + chunk), ...size })
  }
  await db.$executeRawUnsafe('analyze')
}

/** Terms as they are signed, but for their prices. */
function noPromises(providerId: string) {
  const none = { ttftBaseMs: 0, ttftPerKtokMs: 0, tpotUs: 0, concurrencyMax: 0, penaltyBps: 0 }
  const bytes = { documentHash: `0x${'0'.repeat(64)}`, sloRegion: `0x${'0'.repeat(16)}` }
  return { providerId, ...bytes, cachedPerMtok: 0, inPerGb: 0, outPerGb: 0, ...none }
}

async function fillOffers(db: Db, providerId: string, offers: number): Promise<void> {
  await db.$executeRaw`
    insert into terms (hash, "providerId", "values", document)
    select '0xbench' || n, ${providerId}, ${JSON.stringify(noPromises(providerId))}::jsonb || jsonb_build_object(
      'inPerMtok', 20000 + (n * 7919) % 400000, 'outPerMtok', 40000 + (n * 104729) % 900000,
      'perGpuHour', case when n % 3 = 0 then 1500000 + (n * 31) % 4000000 else 0 end),
      jsonb_build_object('gpus', 8)
    from generate_series(1, ${offers}) n on conflict do nothing`
  await db.$executeRaw`
    insert into node ("nodeId", id, name, "providerId", "termsHash", status, region, country, "failureDomain", simulated, tier,
      "dataPolicy", trust, "gpuClass", inventory, models, "updatedAt")
    select '0x' || lpad(to_hex(n), 64, '0'), 'node_b' || to_hex(n), 'bench-' || n, ${providerId}, '0xbench' || n, 'active',
      (array['eu-west','eu-north','us-east','us-west','ap-sg','ap-ne'])[1 + n % 6],
      (array['NL','SE','US','US','SG','JP'])[1 + n % 6], 'rack-' || n % 500, false,
      (array['edge','regional','cloud'])[1 + n % 3]::"Tier", (array['any','no_training','no_retention'])[1 + (n / 3) % 3]::"DataPolicy",
      (array['claimed','challenged','attested'])[1 + (n / 7) % 3]::"TrustLevel", (array['H200','B200','H100','CPU'])[1 + n % 4],
      jsonb_build_object('hardware', '8 × NVIDIA ' || (array['H200','B200','H100','L40S'])[1 + n % 4], 'memoryMib', 2000000,
        'gpus', jsonb_build_array(jsonb_build_object('name', 'GPU', 'count', 1 + n % 8, 'memoryMib', 143771, 'uuids', '[]'::jsonb))),
      jsonb_build_array(jsonb_build_object('model', (${models}::text[])[1 + n % 5])), now()
    from generate_series(1, ${offers}) n on conflict do nothing`
}

/** Three witnesses, of which each has measured most nodes within a day. */
async function fillRtts(db: Db, offers: number): Promise<void> {
  await db.$executeRaw`
    insert into witness (address, name, url, simulated, "seenAt")
    select '0xwitness' || w, (${witnesses}::text[])[w], 'http://127.0.0.1:401' || w, false, now()
    from generate_series(1, ${witnesses.length}) w on conflict do nothing`
  await db.$executeRaw`
    insert into witness_rtt (witness, "nodeId", "rttUs", simulated, "measuredAt")
    select '0xwitness' || w, '0x' || lpad(to_hex(n), 64, '0'), 900 + (n * 7919 * w) % 180000, false,
      now() - make_interval(mins => (n * w) % 1800)
    from generate_series(1, ${offers}) n, generate_series(1, ${witnesses.length}) w where n % 11 > 0 on conflict do nothing`
}

async function fillRequests(
  db: Db,
  { orgId, from, to, offers, requests }: MarketSize & { orgId: string; from: number; to: number },
): Promise<void> {
  // The newest day has its share: a thirtieth.
  const startMs = Date.now() - 30 * 86_400_000
  const stepMs = (30 * 86_400_000) / requests
  await db.$executeRaw`
    insert into request (id, "idHash", "orgId", "channelId", lane, path, model, stream, status, "httpStatus", "receivedAt",
      "finishedAt", "ttftMs", "tpotMs", "tokensIn", "tokensCached", "tokensOut", "priceMicroUsd", "nodeId", attempts, placement)
    select 'req_' || lpad(to_hex(n), 12, '0'), '0xr' || n, ${orgId}, '0xchannel', '0xlane', '/v1/chat/completions',
      (${models}::text[])[1 + n % 5], true, (case when n % 40 = 0 then 'failed' when n % 97 = 0 then 'aborted' else 'succeeded' end)::"RequestStatus",
      case when n % 40 = 0 then 502 else 200 end, at, at + interval '2 seconds', 120 + n % 700, 12 + n % 30, 200 + n % 3000, 0,
      20 + n % 900, 40 + n % 900, '0x' || lpad(to_hex(1 + (n * 7) % ${offers}), 64, '0'), '[]', '{}'
    from generate_series(${from}::bigint, ${to - 1}::bigint) n,
      lateral (select to_timestamp((${startMs}::float8 + n * ${stepMs}::float8) / 1000) as at) t`
  await db.$executeRaw`
    insert into receipt (lane, seq, "deliveryHash", "requestId", "requestIdHash", attempt, "nodeId", "channelId", "priceMicroUsd",
      fault, "startedAtMs", delivery, "deliverySignature", epoch)
    select '0xlane', n, '0xd' || n, 'req_' || lpad(to_hex(n), 12, '0'), '0xr' || n, 0,
      '0x' || lpad(to_hex(1 + (n * 7) % ${offers}), 64, '0'), '0xchannel', 40 + n % 900, (n % 40 = 0)::int,
      (${startMs}::float8 + n * ${stepMs}::float8)::bigint,
      jsonb_build_object('attemptTtftMs', 120 + n % 700, 'durationMs', 900 + n % 4000, 'billedIn', 200 + n % 3000,
        'billedCached', 0, 'billedOut', 20 + n % 900, 'httpStatus', case when n % 40 = 0 then 502 else 200 end), '0x', n / 5000
    from generate_series(${from}::bigint, ${to - 1}::bigint) n`
}

/** What gateways say of nine nodes of ten. */
export async function fillLiveness(redis: Redis, offers: number): Promise<void> {
  const pipeline = redis.pipeline()
  for (let n = 1; n <= offers; n++) {
    const nodeId = `0x${n.toString(16).padStart(64, '0')}`
    const model = models[n % 5] ?? ''
    const liveness = {
      nodeId,
      lane: `0x${'1'.repeat(64)}`,
      gatewayUrl: 'http://127.0.0.1:4001',
      // As long as the run lasts: nobody reports here again.
      seenAtMs: Date.now() + 3_600_000,
      linkedSinceMs: 1,
      hardware: 'a GPU server',
      models: [
        { model, modelHash: `0x${'2'.repeat(64)}`, contextTokensMax: 8_192, quantisation: 'fp8', simulated: false },
      ],
      concurrencyMax: 64,
      activeStreams: n % 64,
      queuedStreams: 0,
      rttMs: 5 + (n % 90),
      simulatedRttMs: null,
      ttftP50Ms: null,
      ttftP95Ms: null,
      tokensPerSecond: null,
      estimate: null,
    }
    if (n % 10 > 0) pipeline.hset(redisKeys.nodes, nodeId, JSON.stringify(liveness))
  }
  await pipeline.exec()
}
