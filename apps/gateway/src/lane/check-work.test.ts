/** A work receipt is paid only where the node that was asked signed for just what was ordered, and handed on. */
import { bytes32Of, fault, structHash, type WorkReceipt } from '@isochrone/protocol'
import { expect, test } from 'vitest'
import { decodeSignedWork, notSignedBy, outputMismatch, workHashOf, workMismatch } from './check-work.ts'
import { intentOf, nodeId, otherKey, outputHash, receiptDomain, requestHash, seenOf, workOf } from './lane-fixtures.ts'

const intent = intentOf('req_a', { attempt: 1, tokensOutMax: 10 })
const { work, signed } = workOf(intent)
const other = bytes32Of('other')

test('a signed receipt is decoded as it was signed, and what is none is refused with its field', () => {
  expect(decodeSignedWork(signed)).toEqual({ value: work, signature: signed.signature })
  expect(() => decodeSignedWork({ ...signed, work: { ...signed.work, tokensOut: -1 } })).toThrow(
    expect.objectContaining({ code: 'invalid_input', publicMessage: expect.stringContaining('tokensOut') }),
  )
})

test('the hash of a receipt is the one that is signed, whoever asks how often', () => {
  const fresh = workOf(intent).work
  for (let i = 0; i < 2; i++) expect(workHashOf(fresh)).toBe(structHash('WorkReceipt', fresh))
  const changed = { ...fresh, tokensOut: 9 }
  expect(workHashOf(changed)).toBe(structHash('WorkReceipt', changed))
})

test('a node signs for itself, with its own key, for this chain and these contracts', () => {
  const value = decodeSignedWork(signed)
  expect(notSignedBy(nodeId, value, receiptDomain)).toBeNull()
  expect(notSignedBy(other, value, receiptDomain)).toBe('the receipt names another node')
  const unsigned = 'the receipt is not signed by the node key'
  expect(notSignedBy(nodeId, decodeSignedWork(workOf(intent, {}, otherKey).signed), receiptDomain)).toBe(unsigned)
  expect(notSignedBy(nodeId, value, { ...receiptDomain, chainId: 1 })).toBe(unsigned)
  expect(notSignedBy(nodeId, { ...value, value: { ...work, tokensOut: 11 } }, receiptDomain)).toBe(unsigned)
})

test('each field that the order fixed is held against it', () => {
  expect(workMismatch(work, intent, requestHash)).toBeNull()
  const cases: [Partial<WorkReceipt>, string][] = [
    [{ requestId: other }, 'another request or attempt'],
    [{ attempt: 2 }, 'another request or attempt'],
    [{ nodeId: other }, 'another node than the one it was sent to'],
    [{ channelId: other }, 'another channel'],
    [{ termsHash: other }, 'other terms'],
    [{ modelHash: other }, 'another model'],
    [{ requestHash: other }, 'another request body'],
    [{ tokensOut: 11 }, 'more output tokens than were ordered'],
  ]
  for (const [fields, reason] of cases) expect(workMismatch({ ...work, ...fields }, intent, requestHash)).toBe(reason)
  // After a restart the body is not known any more; all else is.
  expect(workMismatch({ ...work, requestHash: other }, intent, null)).toBeNull()
  expect(workMismatch({ ...work, requestHash: other, tokensOut: 11 }, intent, null)).toBe(
    'more output tokens than were ordered',
  )
})

test('a whole answer is the one that was handed on; of one that broke off nobody saw the end', () => {
  expect(outputMismatch(work, seenOf(intent))).toBeNull()
  const reason = 'another output than the one that was handed on'
  expect(outputMismatch({ ...work, outputHash: other }, seenOf(intent))).toBe(reason)
  expect(outputMismatch({ ...work, outputHash: other }, seenOf(intent, { fault: fault.client }))).toBeNull()
  expect(outputMismatch({ ...work, outputHash }, seenOf(intent, { fault: fault.client }))).toBeNull()
})
