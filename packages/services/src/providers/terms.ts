/**
 * Terms as they are made and stored: prices and promises as signed fields, the rest of the listing as a document that
 * they bind by its hash. Once made they never change; a node that changes anything gets other terms.
 */
import { AppError, type Prices } from '@isochrone/domain'
import {
  decodeStruct,
  documentHashOf,
  encodeStruct,
  pricesJson,
  pricesOfTerms,
  regionToBytes8,
  termsHashOf,
  type EngineName,
  type Hex,
  type PricesJson,
  type StructJson,
  type Terms,
} from '@isochrone/protocol'
import type { DataPolicy, Tier } from '@isochrone/scheduler'
import { z } from 'zod'

/** What a listing says beyond prices and promises. Versions 1 and 2 had the prices in it. */
export interface TermsDocument {
  version: 3
  nodeName: string
  region: string
  country: string
  simulated: boolean
  /** Declared: other nodes run on the same host. */
  sharedHost: boolean
  /** Declared: where it stands in the network. */
  tier: Tier
  /** Declared: what happens to prompts. */
  dataPolicy: DataPolicy
  /** What is served under these terms, each as the build with that hash; absent: whatever the node says that it serves. */
  models?: { model: string; modelHash: string }[]
  /** Behind what, as it was declared. */
  engine?: EngineName
  /** GPUs that may be leased, or places for engines on a node that has none; absent or 0: none. */
  gpus?: number
}

/** Service promises. 0 is no promise, and a capacity of 0 is none declared. */
export const promisesSchema = z.object({
  /** 95 % of attempts have their first token within `ttftBaseMs` + `ttftPerKtokMs` for each 1000 tokens in, begun. */
  ttftBaseMs: z.int().min(0).max(3_600_000).default(0),
  ttftPerKtokMs: z.int().min(0).max(3_600_000).default(0),
  /** 95 % of attempts take no longer for each token after the first, µs. */
  tpotUs: z.int().min(0).max(60_000_000).default(0),
  /** Attempts at once up to which the promises hold. */
  concurrencyMax: z.int().min(0).max(4_096).default(0),
  /** Of what a payer spent while a promise was broken. */
  penaltyBps: z.int().min(0).max(10_000).default(0),
  /** The gateway region at which they hold; empty = any. */
  sloRegion: z.string().max(8).default(''),
})
export type Promises = z.infer<typeof promisesSchema>
export const noPromises: Promises = promisesSchema.parse({})

/** Terms as the database has them: `values` are the signed fields, `{}` where prices were not signed yet. */
export interface StoredTerms {
  values: unknown
  document: unknown
}

export interface MadeTerms {
  hash: Hex
  values: StructJson
  document: TermsDocument
}

/** @throws AppError `invalid_input` when a price is more than 64 bits hold exactly (9·10¹⁵ µUSD). */
export function makeTerms(input: {
  providerId: Hex
  prices: Prices
  promises: Promises
  document: TermsDocument
  /** Of a leased GPU, µUSD; 0 when left out. */
  perGpuHourMicroUsd?: bigint
}): MadeTerms {
  const { providerId, prices, promises, document, perGpuHourMicroUsd = 0n } = input
  const { sloRegion, ...numbers } = promises
  const terms: Terms = {
    providerId,
    documentHash: documentHashOf(document),
    inPerMtok: price(prices.inMicroUsdPerMtok),
    cachedPerMtok: price(prices.cachedMicroUsdPerMtok),
    outPerMtok: price(prices.outMicroUsdPerMtok),
    inPerGb: price(prices.inMicroUsdPerGb),
    outPerGb: price(prices.outMicroUsdPerGb),
    perGpuHour: price(perGpuHourMicroUsd),
    ...numbers,
    sloRegion: sloRegion === '' ? NO_REGION : regionToBytes8(sloRegion),
  }
  return { hash: termsHashOf(terms), values: encodeStruct('Terms', terms), document }
}

const NO_REGION: Hex = `0x${'00'.repeat(8)}`

/** The signed fields; null for terms from before prices were signed. */
export function termsOfStored({ values }: StoredTerms): Terms | null {
  const isEmpty = typeof values !== 'object' || values === null || Object.keys(values).length === 0
  return isEmpty ? null : decodeStruct('Terms', values)
}

/** Throws when stored terms have no prices: they were never ours. */
export function pricesOfStored(stored: StoredTerms): Prices {
  const terms = termsOfStored(stored)
  return terms ? pricesOfTerms(terms) : pricesFromJson(documentWithPrices.parse(stored.document).prices)
}

/** GPUs of one node that may be leased at most. */
export const GPUS_MAX = 64

// Made once: a schema is compiled when it first parses, and a page asks this of fifty terms.
const documentWithGpus = z.object({ gpus: z.int().min(0).max(GPUS_MAX).catch(0) })

/** What may be leased under terms: GPUs, and the price of one for an hour, µUSD. Null: nothing. */
export function rentalOfTerms(stored: StoredTerms): { gpus: number; perGpuHourMicroUsd: bigint } | null {
  const terms = termsOfStored(stored)
  const { gpus } = documentWithGpus.parse(stored.document)
  return terms && terms.perGpuHour > 0 && gpus > 0 ? { gpus, perGpuHourMicroUsd: BigInt(terms.perGpuHour) } : null
}

/** As it stands beside the prices of a join token, and as an agent may say it when it joins. */
export const rentalJson = z.object({
  gpus: z.int().min(0).max(GPUS_MAX).optional(),
  gpuHourMicroUsd: z
    .string()
    .regex(/^\d{1,15}$/, 'is not an amount in micro-dollars')
    .optional(),
})
export type RentalJson = z.infer<typeof rentalJson>

const documentWithPrices = z.object({ prices: pricesJson })

/** Whether counts under these terms could ever cost their provider anything. */
export function promisesAnything(terms: Terms): boolean {
  return terms.penaltyBps > 0
}

export function pricesToJson(prices: Prices): PricesJson {
  return {
    inMicroUsdPerMtok: prices.inMicroUsdPerMtok.toString(),
    cachedMicroUsdPerMtok: prices.cachedMicroUsdPerMtok.toString(),
    outMicroUsdPerMtok: prices.outMicroUsdPerMtok.toString(),
    inMicroUsdPerGb: prices.inMicroUsdPerGb.toString(),
    outMicroUsdPerGb: prices.outMicroUsdPerGb.toString(),
  }
}

export function pricesFromJson(json: unknown): Prices {
  const prices = pricesJson.parse(json)
  return {
    inMicroUsdPerMtok: BigInt(prices.inMicroUsdPerMtok),
    cachedMicroUsdPerMtok: BigInt(prices.cachedMicroUsdPerMtok),
    outMicroUsdPerMtok: BigInt(prices.outMicroUsdPerMtok),
    inMicroUsdPerGb: BigInt(prices.inMicroUsdPerGb),
    outMicroUsdPerGb: BigInt(prices.outMicroUsdPerGb),
  }
}

function price(microUsd: bigint): number {
  if (microUsd >= 0n && microUsd <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(microUsd)
  throw new AppError('invalid_input', { publicMessage: 'prices: one is too large.', field: 'prices' })
}
