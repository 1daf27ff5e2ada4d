import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bytesToHex, keccak256 } from '../crypto/keccak.ts'
import { arbitraryStruct } from './arbitrary-struct.ts'
import { structHash } from './eip712.ts'
import {
  canonicalJson,
  deliveryPriceMicroUsd,
  documentHashOf,
  leasePriceMicroUsd,
  leaseReadingOf,
  pricesOfTerms,
  termsHashOf,
} from './terms.ts'
import type { DeliveryReceipt, LeaseReceipt, Terms } from './types.ts'

const [terms] = fc.sample(arbitraryStruct('Terms'), 1) as [Terms]
const [delivery] = fc.sample(arbitraryStruct('DeliveryReceipt'), 1) as [DeliveryReceipt]
const [lease] = fc.sample(arbitraryStruct('LeaseReceipt'), 1) as [LeaseReceipt]

test('terms are named by their struct hash', () => {
  expect(termsHashOf(terms)).toBe(structHash('Terms', terms))
})

test('the order in which a document was written never changes its hash', () => {
  const text = '{"a":[1,{"x":null,"y":"ü"}],"b":true,"c":{}}'
  const document = { c: {}, b: true, gone: undefined, a: [1, { y: 'ü', x: null }] }
  expect(canonicalJson(document)).toBe(text)
  expect(documentHashOf(document)).toBe(bytesToHex(keccak256(Buffer.from(text))))
  expect(canonicalJson([undefined])).toBe('[null]')
  expect(canonicalJson({ c: 1, a: 2, d: 3, b: 4 })).toBe('{"a":2,"b":4,"c":1,"d":3}')
  expect(canonicalJson({ a: 1, b: 2, c: 3 })).toBe('{"a":1,"b":2,"c":3}')
})

test('each price in the terms prices its own count', () => {
  const priced: Terms = { ...terms, inPerMtok: 2, cachedPerMtok: 3, outPerMtok: 5, inPerGb: 7_000, outPerGb: 11_000 }
  const none = { billedIn: 0, billedCached: 0, billedOut: 0, bytesIn: 0, bytesOut: 0 }
  const price = (usage: Partial<typeof none>) =>
    deliveryPriceMicroUsd({ ...delivery, ...none, ...usage }, pricesOfTerms(priced))
  expect(price({})).toBe(0n)
  expect(price({ billedIn: 1_000_000 })).toBe(2n)
  expect(price({ billedCached: 1_000_000 })).toBe(3n)
  expect(price({ billedOut: 1_000_000 })).toBe(5n)
  expect(price({ bytesIn: 1_000_000_000 })).toBe(7_000n)
  expect(price({ bytesOut: 1_000_000_000 })).toBe(11_000n)
  expect(price({ billedOut: 1 })).toBe(1n)
})

test('leased time costs by the millisecond, rounded up once', () => {
  const hourly: Terms = { ...terms, perGpuHour: 2_500_000 }
  const price = (gpuMs: number) => leasePriceMicroUsd({ ...lease, gpuMs }, hourly)
  expect([price(0), price(1), price(1_440), price(3_600_000), price(3_600_001)]).toEqual([
    0n,
    1n,
    1_000n,
    2_500_000n,
    2_500_001n,
  ])
})

test('a node signs of a lease receipt all but the number that the lane gives it', () => {
  const numbered: LeaseReceipt = { ...lease, seq: 7 }
  expect(leaseReadingOf(numbered)).toEqual({ ...lease, seq: 0 })
  expect(numbered.seq).toBe(7)
})
