import { expect, test } from 'vitest'
import { makeTerms, noPromises, rentalOfTerms, type TermsDocument } from './terms.ts'

const document: TermsDocument = {
  version: 3,
  nodeName: 'n',
  region: 'local',
  country: 'DE',
  simulated: false,
  sharedHost: false,
  tier: 'regional',
  dataPolicy: 'any',
}
const prices = {
  inMicroUsdPerMtok: 1n,
  cachedMicroUsdPerMtok: 1n,
  outMicroUsdPerMtok: 1n,
  inMicroUsdPerGb: 0n,
  outMicroUsdPerGb: 0n,
}
const made = (gpus?: number, perGpuHourMicroUsd?: bigint) =>
  makeTerms({
    providerId: `0x${'a1'.repeat(32)}`,
    prices,
    promises: noPromises,
    document: { ...document, ...(gpus !== undefined && { gpus }) },
    ...(perGpuHourMicroUsd !== undefined && { perGpuHourMicroUsd }),
  })

/** Money: the hour's price is a signed field, so a lease receipt can be recomputed by anyone. */
test('terms bind the GPU hour and the number of GPUs', () => {
  expect(rentalOfTerms(made(8, 2_900_000n))).toEqual({ gpus: 8, perGpuHourMicroUsd: 2_900_000n })
  expect(new Set([made().hash, made(8).hash, made(8, 1n).hash, made(8, 2n).hash]).size).toBe(4)
})

test('nothing is for rent without a price or without GPUs, nor under terms from before prices were signed', () => {
  expect(rentalOfTerms(made(8))).toBeNull()
  expect(rentalOfTerms(made(undefined, 5n))).toBeNull()
  expect(rentalOfTerms({ values: {}, document: { gpus: 3 } })).toBeNull()
})
