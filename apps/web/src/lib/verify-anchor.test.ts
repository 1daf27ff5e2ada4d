/** What a reader's browser asks of a chain: the right one, with the contract there, and what it says is compared. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { encodeAbiParameters, toFunctionSelector, type Hex } from 'viem'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { anchoredOf, checkAnchor, checkTaken, type AnchorPlace } from './verify-anchor.ts'

const [root, other, leaf] = ['0b', '0c', '0d'].map((byte) => `0x${byte.repeat(32)}`) as [Hex, Hex, Hex]
const lane = `0x${'aa'.repeat(32)}`
const receiptAnchor = `0x${'a2'.repeat(20)}` as const
const placed = { lane, epoch: 4, inclusion: { leaf, root, proof: [other], leaves: 2 } }
const ANCHOR_OF = toFunctionSelector('anchorOf(bytes32,uint64)')

const anchored = (as: Hex): Hex =>
  encodeAbiParameters(
    [{ type: 'bytes32' }, { type: 'uint64' }, { type: 'uint64' }, { type: 'uint128' }],
    [as, as === ZERO ? 0n : 9n, 2n, 7n],
  )
const taken = (is: boolean): Hex => encodeAbiParameters([{ type: 'bool' }], [is])
const ZERO: Hex = `0x${'00'.repeat(32)}`

/** What the endpoint says; null is an error of the contract. */
interface Says {
  chainId: Hex
  code: Hex
  anchorOf: Hex | null
  verify: Hex | null
}
let says: Says
let place: AnchorPlace

const server = createServer((request, response) => {
  void (async () => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const { id, method, params } = JSON.parse(Buffer.concat(chunks).toString()) as {
      id: number
      method: string
      params: [{ data: string }]
    }
    let result: Hex | null = method === 'eth_chainId' ? says.chainId : says.code
    if (method === 'eth_call') result = params[0].data.startsWith(ANCHOR_OF) ? says.anchorOf : says.verify
    const error = { code: 3, message: 'execution reverted', data: '0x' }
    response.setHeader('content-type', 'application/json')
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
  says = { chainId: '0x7a69', code: '0x6001', anchorOf: anchored(root), verify: taken(true) }
})

const both = async (at = place) => [await checkAnchor(placed, at), await checkTaken('taken', placed, leaf, at)]
const verdicts = async (at = place) => (await both(at)).map(({ verdict }) => verdict)

test('a chain that holds the root, and a contract that takes the proof, are valid', async () => {
  expect(await verdicts()).toEqual(['valid', 'valid'])
  expect(await anchoredOf({ lane, epoch: 4 }, place)).toMatchObject({ value: { root, count: 2n, sum: 7n } })
})

test('another root than the one shown is invalid, and so is a proof that the contract does not take', async () => {
  says.anchorOf = anchored(other)
  expect(await verdicts()).toEqual(['invalid', 'valid'])
  says.verify = taken(false)
  expect(await verdicts()).toEqual(['invalid', 'invalid'])
})

test('an epoch that was never anchored, or is still open, is no mismatch', async () => {
  says.anchorOf = anchored(ZERO)
  says.verify = taken(false)
  expect(await verdicts()).toEqual(['unverifiable', 'unverifiable'])
  const open = { lane, epoch: null, inclusion: null }
  expect([(await checkAnchor(open, place)).verdict, (await checkTaken('taken', open, leaf, place)).verdict]).toEqual([
    'unverifiable',
    'unverifiable',
  ])
})

test('another chain, an address without code and a contract that is none of ours are each named', async () => {
  const host = new URL(place.rpcUrl).host
  const detailsOf = async (change: Partial<Says>, at = place) => {
    says = { chainId: '0x7a69', code: '0x6001', anchorOf: anchored(root), verify: taken(true), ...change }
    const checks = await both(at)
    expect(checks.map(({ verdict }) => verdict)).toEqual(['unverifiable', 'unverifiable'])
    return [...new Set(checks.map(({ detail }) => detail))]
  }
  // It would agree with everything.
  expect(await detailsOf({ chainId: '0x1' })).toEqual([
    `${host} is an endpoint of chain 1, and this is on chain 31337.`,
  ])
  expect(await detailsOf({ code: '0x', anchorOf: '0x', verify: '0x' })).toEqual([
    `${host} has no contract at ${receiptAnchor}, where ReceiptAnchor of chain 31337 should be.`,
  ])
  expect(await detailsOf({ anchorOf: null, verify: null })).toEqual([
    `What is at ${receiptAnchor} does not answer as ReceiptAnchor would, says ${host}.`,
  ])
  expect(await detailsOf({}, { ...place, rpcUrl: 'http://127.0.0.1:9' })).toEqual([
    'The chain could not be asked at 127.0.0.1:9 from here. Sign in, or use verify-epoch.',
  ])
})
