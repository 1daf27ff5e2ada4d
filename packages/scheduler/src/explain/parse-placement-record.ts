/** A placement record from JSON that somebody hands in: everything that a replay reads is checked, and named when wrong. */
import { AppError } from '@isochrone/domain'
import { z } from 'zod'
import { dataPolicies, tiers, trustLevels } from '../offer.ts'
import { rejectionReasons, sentAs, type PlacementRecord } from '../placement.ts'
import { unpackPlacement } from './packed-placement.ts'

/** What was not finite when it was recorded is null in JSON. */
const number = z
  .number()
  .nullable()
  .transform((value) => value ?? Number.NaN)
const text = z.string()
const texts = z.array(text)
const nullable = { number: z.number().nullable(), texts: texts.nullable() }
const reason = z.enum(rejectionReasons)

const estimate = z.looseObject({
  baseMs: number,
  prefillMsPerToken: number,
  tpotBaseMs: number,
  tpotPerStreamMs: number,
  tpotPerStreamTokenMs: number,
})

const offer = z.looseObject({
  nodeId: text,
  providerId: text,
  modelHash: text,
  failureDomain: text,
  region: text,
  country: text,
  tier: z.enum(tiers),
  gpuClass: text,
  trust: z.enum(trustLevels),
  dataPolicy: z.enum(dataPolicies),
  contextTokensMax: number,
  features: z.int().optional(),
  prices: z.looseObject({
    inPerMtok: number,
    cachedPerMtok: number,
    outPerMtok: number,
    inPerGb: number,
    outPerGb: number,
  }),
  concurrencyMax: number,
})

const policy = z.looseObject({
  valueOfSecondMicroUsd: number,
  valueOfGenerationSecondMicroUsd: number,
  maxPrice: z.looseObject({
    inPerMtok: nullable.number,
    outPerMtok: nullable.number,
    requestMicroUsd: nullable.number,
  }),
  ttftSloMs: number,
  tpotSloMs: number,
  admission: z.enum(['slack', 'capacity']),
  regions: nullable.texts,
  exclude: texts,
  minTrust: z.enum(trustLevels),
  dataPolicy: z.enum(dataPolicies),
  gpuClasses: nullable.texts,
  allowFallbacks: z.boolean(),
  features: z.int().optional(),
  allowContinuation: z.boolean().optional(),
})

const request = z.looseObject({
  requestId: text,
  modelHash: text.nullable(),
  tokensIn: number,
  tokensOutMax: number,
  tokensOutNeeded: number.optional(),
  tokensOutExpected: number,
  gapNoise: number.optional(),
  bytesIn: number,
  prefixHashes: z.array(number),
  prefixBlockTokens: number,
  policy,
  sloWaitedMs: number.optional(),
  excludeNodeIds: texts,
})

const sampled = z.looseObject({
  offer,
  activeStreams: number,
  prefillTokens: number,
  contextTokens: number,
  streamsMax: number,
  rttMs: nullable.number,
  stateAgeMs: nullable.number,
  draining: z.boolean(),
  breakerOpenUntilMs: number,
  tokensCached: number,
  failureRate: number,
  observations: number,
  estimate,
})

const candidate = z.looseObject({
  nodeId: text,
  failureDomain: text,
  score: number,
  terms: z.looseObject({
    tokens: number,
    bytes: number,
    latency: number,
    generation: number,
    sloTtft: number,
    sloTpot: number,
    failure: number,
  }),
  ttftMs: number,
  tpotMs: number,
  activeStreams: number,
  tokensCached: number,
})

const record = z.looseObject({
  engineVersion: text,
  prngState: z.tuple([z.int(), z.int(), z.int(), z.int()]),
  nowMs: number,
  request,
  poolSize: number,
  eligible: number,
  sampled: z.array(sampled).max(10_000),
  candidates: z.array(candidate),
  rejected: z.array(z.looseObject({ nodeId: text, reason })),
  excludedBy: z.partialRecord(reason, number).optional(),
  explored: z.boolean(),
  choice: text.nullable(),
  alternates: texts,
  reason: z.enum([...rejectionReasons, 'no_replica']).nullable(),
  retryAfterMs: number,
  tuning: z.record(text, z.number()).optional(),
  sent: z
    .array(
      z.looseObject({
        attempt: z.int(),
        nodeId: text,
        as: z.enum(sentAs),
        prefillAheadMax: z.int().min(0).optional(),
        declinedBehind: z.int().min(0).optional(),
      }),
    )
    .optional(),
})

/** Packed or not. Throws `invalid_input` naming the first field that is missing or wrong. */
export function parsePlacementRecord(json: unknown): PlacementRecord {
  const parsed = record.safeParse(unpackPlacement(json))
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const field = issue?.path.map(String).join('.') ?? ''
  throw new AppError('invalid_input', {
    ...(field !== '' && { field }),
    publicMessage: `This is not a recorded placement: ${field === '' ? 'it' : field} is missing or not what the engine writes.`,
  })
}
