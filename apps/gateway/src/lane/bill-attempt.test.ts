import { fault, type WorkReceipt } from '@isochrone/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { billAttempt, type BillInput } from './bill-attempt.ts'

const prices = {
  inMicroUsdPerMtok: 1_000_000n,
  cachedMicroUsdPerMtok: 500_000n,
  outMicroUsdPerMtok: 2_000_000n,
  inMicroUsdPerGb: 1_000_000_000n,
  outMicroUsdPerGb: 1_000_000_000n,
}
const work = { tokensIn: 20, tokensCached: 4, tokensOut: 10 } as WorkReceipt
const base: BillInput = {
  work,
  workRefused: false,
  fault: fault.none,
  billable: true,
  tokensDelivered: 10,
  tokensOutMax: 100,
  tokensBefore: 0,
  continued: false,
  bytesIn: 50,
  bytesOut: 70,
  prices,
}
const bill = (changes: Partial<BillInput>) => billAttempt({ ...base, ...changes })

test('a completed request pays input, cached input, output and bytes', () => {
  expect(bill({})).toEqual({
    usage: { tokensIn: 20, tokensCached: 4, tokensOut: 10, bytesIn: 50, bytesOut: 70 },
    priceMicroUsd: 20n + 2n + 20n + 50n + 70n,
  })
})

test('a client that leaves pays the prompt and what it was handed', () => {
  expect(bill({ fault: fault.client, tokensDelivered: 3 }).usage).toMatchObject({ tokensIn: 20, tokensOut: 3 })
})

test('an engine that dies mid-stream is paid the delivered tokens and nothing else', () => {
  const usage = { tokensIn: 0, tokensCached: 0, tokensOut: 3, bytesIn: 0, bytesOut: 0 }
  expect(bill({ fault: fault.provider, tokensDelivered: 3 })).toEqual({ usage, priceMicroUsd: 6n })
  expect(bill({ fault: fault.provider, tokensDelivered: 3, work: null })).toEqual({ usage, priceMicroUsd: 6n })
})

test('nothing is paid before the first token, for a discarded attempt, or for a receipt that was not ordered', () => {
  for (const changes of [
    { fault: fault.provider, tokensDelivered: 0 },
    { fault: fault.provider, tokensDelivered: 0, work: null },
    { fault: fault.gateway, tokensDelivered: 0 },
    { fault: fault.capacity },
    { billable: false },
    { workRefused: true, work: null },
  ]) {
    expect(bill(changes).priceMicroUsd).toBe(0n)
  }
})

test('of a prompt that is larger than was sent, what is not cached is billed first; after other tokens, what is cached', () => {
  const large = { tokensIn: 60, tokensCached: 20, tokensOut: 10 } as WorkReceipt
  // 64 tokens are what a template may add to no bytes at all.
  expect(bill({ work: large, bytesIn: 0 }).usage).toMatchObject({ tokensIn: 60, tokensCached: 4 })
  expect(bill({ work: large, bytesIn: 0, tokensBefore: 1 }).usage).toMatchObject({ tokensIn: 44, tokensCached: 20 })
})

test('no count that a node signs makes the customer pay for more than was ordered, sent or handed on', () => {
  const u32 = fc.nat(4_294_967_295)
  fc.assert(
    fc.property(u32, u32, u32, fc.nat(500), fc.nat(500), (tokensIn, tokensCached, tokensOut, delivered, bytesIn) => {
      const claimed = { tokensIn, tokensCached, tokensOut } as WorkReceipt
      const { usage } = bill({ work: claimed, tokensDelivered: delivered, bytesIn })
      expect(usage.tokensIn + usage.tokensCached).toBeLessThanOrEqual(bytesIn + 64)
      expect(usage.tokensOut).toBeLessThanOrEqual(Math.min(delivered, tokensOut, 100))
      expect(usage.tokensIn).toBeLessThanOrEqual(tokensIn)
    }),
  )
})

/** The customer asked once: the prompt is paid for once, to the node that ends the answer. */
test('over the attempts of an answer that broke off, each token and the prompt are billed once', () => {
  const counts = fc.integer({ min: 0, max: 200 })
  const broken = fc.array(fc.record({ out: fc.integer({ min: 1, max: 50 }), linkLost: fc.boolean() }), {
    minLength: 1,
    maxLength: 3,
  })
  fc.assert(
    fc.property(broken, fc.integer({ min: 1, max: 200 }), counts, counts, (parts, prompt, cachedAsked, out) => {
      const bytesIn = 1_000
      let before = 0
      const bills = parts.map(({ out: delivered, linkLost }) => {
        const tokensIn = prompt + before
        const usage = bill({
          bytesIn,
          work: linkLost ? null : ({ tokensIn, tokensCached: 0, tokensOut: delivered } as WorkReceipt),
          fault: fault.provider,
          tokensDelivered: delivered,
          tokensOutMax: 1_000 - before,
          tokensBefore: before,
        }).usage
        before += delivered
        return usage
      })
      const tokensCached = Math.min(cachedAsked, prompt + before)
      const last = { tokensIn: prompt + before - tokensCached, tokensCached, tokensOut: out } as WorkReceipt
      const end = bill({ bytesIn, work: last, tokensDelivered: out, tokensOutMax: 1_000, tokensBefore: before }).usage
      expect(end.tokensIn).toBeLessThanOrEqual(last.tokensIn)
      expect(end.tokensCached).toBeLessThanOrEqual(last.tokensCached)
      bills.push(end)
      const sum = (of: (usage: typeof end) => number) => bills.reduce((total, usage) => total + of(usage), 0)
      expect(sum(({ tokensOut }) => tokensOut)).toBe(before + out)
      expect(sum((usage) => usage.tokensIn + usage.tokensCached)).toBe(prompt)
      expect(sum((usage) => usage.bytesIn)).toBe(bytesIn)
    }),
  )
})

test('an attempt that was gone on with is paid its tokens alone, whoever ended it', () => {
  expect(bill({ continued: true, fault: fault.gateway, tokensDelivered: 3 }).usage).toEqual({
    tokensIn: 0,
    tokensCached: 0,
    tokensOut: 3,
    bytesIn: 0,
    bytesOut: 0,
  })
})
