/** What a reader's browser asks of a chain: the right one, with the contract there, and what it says is compared. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { encodeAbiParameters, encodeFunctionData, parseAbi, type Hex } from 'viem'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { anchoredOf, checkAnchor, checkTaken, type AnchorPlace } from './verify-anchor.ts'

const [root, other, leaf] = ['0b', '0c', '0d'].map((byte) => `0x${byte.repeat(32)}`) as [Hex, Hex, Hex]
const lane = `0x${'aa'.repeat(32)}` as const
const receiptAnchor = `0x${'a2'.repeat(20)}` as const
const placed = { lane, epoch: 4, inclusion: { leaf, root, proof: [other], leaves: 2 } }
const abi = parseAbi(['function anchorOf(bytes32, uint64)', 'function verify(bytes32, uint64, bytes32, bytes32[])'])
/** The two questions, byte by byte. */
const questions = {
  anchorOf: encodeFunctionData({ abi, functionName: 'anchorOf', args: [lane, 4n] }),
  verify: encodeFunctionData({ abi, functionName: 'verify', args: [lane, 4n, leaf, [other]] }),
}

const anchored = (as: Hex): Hex =>
  encodeAbiParameters(
    [{ type: 'bytes32' }, { type: 'uint64' }, { type: 'uint64' }, { type: 'uint128' }],
    [as, as === ZERO ? 0n : 9n, 2n, 7n],
  )
const taken = (is: boolean): Hex => encodeAbiParameters([{ type: 'bool' }], [is])
const ZERO: Hex = `0x${'00'.repeat(32)}`

/** What the endpoint says; null is an error. */
interface Says {
  chainId: Hex | null
  code: Hex | null
  anchorOf: Hex | null
  verify: Hex | null
}
let says: Says
let place: AnchorPlace
/** Requests so far, and the HTTP status of an answer. */
let asked = 0
let status = 200

/** As a chain would: another address has no code, and another question another answer. */
function answerTo(method: string, params: [string | { to: string; data: string }]): Hex | null {
  if (method === 'eth_chainId') return says.chainId
  const [at] = params
  if (method === 'eth_getCode') return at === receiptAnchor ? says.code : '0x'
  if (typeof at === 'string' || at.to !== receiptAnchor) return '0x'
  if (at.data === questions.anchorOf) return says.anchorOf
  return at.data === questions.verify ? says.verify : null
}

const server = createServer((request, response) => {
  void (async () => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const { id, method, params } = JSON.parse(Buffer.concat(chunks).toString()) as {
      id: number
      method: string
      params: Parameters<typeof answerTo>[1]
    }
    asked++
    const result = answerTo(method, params)
    const error = { code: 3, message: 'execution reverted', data: '0x' }
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ jsonrpc: '2.0', id, ...(result === null ? { error } : { result }) }))
  })()
})
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const rpcUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  place = { rpcUrl, chainId: 31_337, receiptAnchor }
})
afterAll(() => void server.close())
beforeEach(() => {
  asked = 0
  status = 200
  says = { chainId: '0x7a69', code: '0x6001', anchorOf: anchored(root), verify: taken(true) }
})

const both = async (at = place) => [await checkAnchor(placed, at), await checkTaken('taken', placed, leaf, at)]
const verdicts = async (at = place) => (await both(at)).map(({ verdict }) => verdict)

const detailsOf = async (at = place) => (await both(at)).map(({ detail }) => detail)
const host = () => new URL(place.rpcUrl).host

test('a chain that holds the root, and a contract that takes the proof, are valid', async () => {
  expect(await verdicts()).toEqual(['valid', 'valid'])
  expect(await detailsOf()).toEqual([
    `Root 0x0b0b…0b0b over 2 leaves, says ${host()}.`,
    `ReceiptAnchor finds leaf 0x0d0d…0d0d under its root, says ${host()}.`,
  ])
  expect(await anchoredOf({ lane, epoch: 4 }, place)).toMatchObject({ value: { root, count: 2n, sum: 7n } })
})

test('another root than the one shown is invalid, and so is a proof that the contract does not take', async () => {
  says.anchorOf = anchored(other)
  expect(await verdicts()).toEqual(['invalid', 'valid'])
  says.verify = taken(false)
  expect(await verdicts()).toEqual(['invalid', 'invalid'])
  expect(await detailsOf()).toEqual([
    `${host()} says the root of epoch 4 is 0x0c0c…0c0c.`,
    `ReceiptAnchor does not find leaf 0x0d0d…0d0d under its root, says ${host()}.`,
  ])
})

test('an epoch that was never anchored, or is still open, is no mismatch', async () => {
  says.anchorOf = anchored(ZERO)
  says.verify = taken(false)
  expect(await verdicts()).toEqual(['unverifiable', 'unverifiable'])
  expect(await detailsOf()).toEqual([`Not anchored yet, says ${host()}.`, `Not anchored yet, says ${host()}.`])
  asked = 0
  const { inclusion } = placed
  for (const open of [
    { lane, epoch: null, inclusion: null },
    { lane, epoch: null, inclusion },
    { lane, epoch: 4, inclusion: null },
  ]) {
    for (const check of [await checkAnchor(open, place), await checkTaken('taken', open, leaf, place)]) {
      expect(check).toMatchObject({ verdict: 'unverifiable', detail: expect.stringContaining('still open') as string })
    }
  }
  expect(asked).toBe(0)
})

test('without a proof there is nothing to put to the contract', async () => {
  const bare = { ...placed, inclusion: { ...placed.inclusion, proof: null } }
  expect(await checkTaken('taken', bare, leaf, place)).toEqual({
    name: 'taken',
    verdict: 'unverifiable',
    detail: 'No proof can be built here: use the epoch file.',
  })
  expect(asked).toBe(0)
  expect((await checkAnchor(bare, place)).verdict).toBe('valid')
})

/** The contract takes no proof of an epoch that was never anchored: with one question unanswered, the other convicts nobody. */
test('a question that the contract leaves unanswered is no mismatch, of the proof or of its epoch', async () => {
  says.verify = taken(false)
  says.anchorOf = null
  expect(await verdicts()).toEqual(['unverifiable', 'unverifiable'])
  says.anchorOf = anchored(root)
  says.verify = null
  expect(await verdicts()).toEqual(['valid', 'unverifiable'])
})

test('an endpoint that fails is asked once', async () => {
  status = 503
  expect((await checkAnchor(placed, place)).detail).toContain('could not be asked')
  expect(asked).toBe(3)
})

test('another chain, an address without code and a contract that is none of ours are each named', async () => {
  const distinct = async (change: Partial<Says>, at = place) => {
    says = { chainId: '0x7a69', code: '0x6001', anchorOf: anchored(root), verify: taken(true), ...change }
    const checks = await both(at)
    expect(checks.map(({ verdict }) => verdict)).toEqual(['unverifiable', 'unverifiable'])
    return [...new Set(checks.map(({ detail }) => detail))]
  }
  // It would agree with everything.
  expect(await distinct({ chainId: '0x1' })).toEqual([
    `${host()} is an endpoint of chain 1, and this is on chain 31337.`,
  ])
  expect(await distinct({ code: '0x', anchorOf: '0x', verify: '0x' })).toEqual([
    `${host()} has no contract at ${receiptAnchor}, where ReceiptAnchor of chain 31337 should be.`,
  ])
  expect(await distinct({ anchorOf: null, verify: null })).toEqual([
    `What is at ${receiptAnchor} does not answer as ReceiptAnchor would, says ${host()}.`,
  ])
  // Neither can be told without the other.
  const unasked = `The chain could not be asked at ${host()} from here. Sign in, or use verify-epoch.`
  expect(await distinct({ chainId: null })).toEqual([unasked])
  expect(await distinct({ code: null })).toEqual([unasked])
  expect(await distinct({}, { ...place, rpcUrl: 'http://127.0.0.1:9' })).toEqual([
    'The chain could not be asked at 127.0.0.1:9 from here. Sign in, or use verify-epoch.',
  ])
})
