/**
 * The command itself, on a real chain with the real contracts: an honest epoch, the same epoch spoiled in each way, and
 * everything that a person may get wrong. Nothing but the file and the endpoint is given to it.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { addNodeKey, readDeployment, reportRecord } from '@isochrone/contracts-client'
import { jsonRpc, startTestStack, type TestStack } from '@isochrone/local-stack'
import {
  addressOfKey,
  addressToBytes32,
  bytes32Of,
  bytes32ToAddress,
  signStruct,
  ZERO_BYTES32,
} from '@isochrone/protocol'
import { readEpochChain, readEpochHeader, verifyEpoch } from '@isochrone/verifier'
import type { MadeEpoch } from '@isochrone/verifier/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { projectRoot } from '../project-root.ts'
import { runCommand } from '../run-command.ts'
import { lyingEndpoint } from './lying-endpoint.ts'
import { lane, laneKey, publishTwoEpochs, type PublishedEpochs } from './publish-two-epochs.ts'

let stack: TestStack
let dir: string
let deploymentFile: string
let gateway: Server
let epochs: [MadeEpoch, MadeEpoch]
let operator: PublishedEpochs['operator']
const fileOf = (epoch: number): string => join(dir, `${epoch}.jsonl.gz`)

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'isochrone-verify-'))
  stack = await startTestStack({ chain: true })
  ;({ epochs, deploymentFile, operator } = await publishTwoEpochs({
    rpcUrl: stack.chainRpcUrl,
    dir,
    profile: stack.chainProfile,
  }))
  gateway = createServer((request, response) => {
    const epoch = /^\/v1\/epochs\/(\d+)\/file(?:\?|$)/.exec(request.url ?? '')?.[1]
    if (epoch !== '7' && epoch !== '8') return void response.writeHead(404).end()
    void readFile(fileOf(Number(epoch))).then((bytes) => response.end(bytes))
  })
  await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve))
}, 240_000)

afterAll(async () => {
  gateway?.close()
  await stack?.stop()
  await rm(dir, { recursive: true, force: true })
})

async function run(...args: string[]) {
  const script = join(projectRoot, 'tools/verify-epoch/main.ts')
  const nowhere = ['--data-dir', join(dir, 'no-marketplace')]
  const { code, stdout, output } = await runCommand(process.execPath, [script, ...args, ...nowhere], {
    cwd: projectRoot,
  })
  expect(output).not.toMatch(/\n\s+at /)
  return { code, stdout, output }
}
const here = () => ['--rpc', stack.chainRpcUrl, '--deployment', deploymentFile]

/** The file of epoch 7 with its lines changed. */
async function spoiled(change: (rows: string[]) => string[]): Promise<string> {
  const rows = gunzipSync(await readFile(fileOf(7)))
    .toString()
    .trimEnd()
    .split('\n')
  const path = join(dir, 'spoiled.jsonl.gz')
  await writeFile(path, gzipSync(`${change(rows).join('\n')}\n`))
  return path
}
/** Row of a receipt by its number: after header and terms. */
const rowOf = (seq: number): number => seq + 1

test(
  'an honest epoch verifies from a file, from a gateway, and without a deployment',
  { timeout: 240_000 },
  async () => {
    const byFile = await run(fileOf(7), ...here(), '--strict')
    expect(byFile.output).toMatch(/nothing contradicts\.\n$/)
    expect(byFile.code).toBe(0)
    expect(byFile.stdout).toContain(
      '✓ Vouchers claim what receipts make due (2 vouchers, 2 of them to the micro-dollar)',
    )

    const url = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`
    // The next is asked when one is away.
    const sources = ['--gateway', 'http://127.0.0.1:9', '--gateway', url]
    const byId = await run(`${lane}:8`, ...here(), ...sources, '--json', '--progress')
    expect(JSON.parse(byId.stdout)).toMatchObject({ ok: true, epoch: 8, receipts: 40, firstMismatch: null, notes: [] })
    expect(byId.code).toBe(0)

    const alone = await run(fileOf(8), '--rpc', stack.chainRpcUrl, '--previous', fileOf(7), '--trust-file')
    expect(alone.code).toBe(0)
    expect(alone.stdout).toContain('No deployment was given')
    expect(alone.stdout).toMatch(/nothing contradicts\. NOT CHECKED: whether the contracts are the marketplace’s .*\n$/)
  },
)

test(
  'several files are held against one another: one number with two contents is named',
  { timeout: 240_000 },
  async () => {
    const honest = await run(fileOf(7), fileOf(8), ...here())
    expect(honest.output).toMatch(/The 2 files do not contradict one another\.\n$/)
    expect(honest.code).toBe(0)
    const trusting = await run(fileOf(7), fileOf(7), '--rpc', stack.chainRpcUrl, '--trust-file', '--strict')
    expect(trusting.stdout).toContain('do not contradict one another. NOT CHECKED: 2 things in them, named above.')
    expect(trusting.output).toContain('--strict: 2 things were NOT CHECKED')
    expect(trusting.code).toBe(1)

    const other = await spoiled((rows) =>
      rows.map((row, at) => (at === rowOf(5) ? row.replace(/"bytesOut":"?\d+"?/, '"bytesOut":7') : row)),
    )
    const { code, stdout } = await run(fileOf(7), other, ...here(), '--json')
    const [right, wrong, compared] = stdout.trimEnd().split('\n')
    expect(JSON.parse(right ?? '')).toMatchObject({ ok: true })
    expect(JSON.parse(wrong ?? '')).toMatchObject({ ok: false })
    const sentence = `Receipt 5 of lane ${lane} differs: line 7 of ${fileOf(7)} and line 7 of ${other} do not say the same.`
    expect(JSON.parse(compared ?? '')).toEqual({ contradictions: [sentence] })
    expect(code).toBe(1)
  },
)

test('each way of tampering is named by its line', { timeout: 240_000 }, async () => {
  const cases: [change: (rows: string[]) => string[], sentence: RegExp][] = [
    [
      (rows) => rows.toSpliced(rowOf(5), 1),
      /MISMATCH. Line 7: Receipt 5 is missing: expected number 5, found number 6\./,
    ],
    [
      (rows) => rows.toSpliced(rowOf(5), 0, rows[rowOf(5)] as string),
      /MISMATCH. Line 8: Receipt 5 is there twice: expected number 6, found number 5\./,
    ],
    [
      (rows) => rows.toSpliced(rowOf(5), 2, rows[rowOf(6)] as string, rows[rowOf(5)] as string),
      /MISMATCH. Line 7: Receipts are not in the order of their numbers: expected number 5, found number 6\./,
    ],
    [
      (rows) => rows.map((row, i) => (i === rowOf(5) ? row.replace(/"price":"\d+"/, '"price":"1"') : row)),
      /MISMATCH. Line 7: Price of receipt 5 in µUSD: expected \d+, found 1\./,
    ],
    [
      (rows) => rows.map((row, i) => (i === rowOf(5) ? row.replace(/"durationMs":\d/, '"durationMs":9') : row)),
      /MISMATCH. Line 7: Signature of the lane on receipt 5: expected 0x/,
    ],
  ]
  for (const [change, sentence] of cases) {
    const { code, output } = await run(await spoiled(change), ...here())
    expect(output).toMatch(sentence)
    expect(code).toBe(1)
  }
  const flipped = await readFile(fileOf(7))
  flipped[flipped.length - 200] = (flipped[flipped.length - 200] as number) ^ 1
  await writeFile(join(dir, 'flipped.gz'), flipped)
  const { code, output } = await run(join(dir, 'flipped.gz'), ...here())
  expect(output).toContain('✗ The file is the one that the chain names')
  expect(code).toBe(1)
})

test('what cannot be checked says why in one sentence, and ends with 2', { timeout: 240_000 }, async () => {
  const url = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`
  const cases: [args: string[], sentence: RegExp][] = [
    [[fileOf(7)], /^Say which chain endpoint to ask: --rpc URL\.\n$/],
    [[fileOf(7), '--rpc', 'nonsense'], /^--rpc is no http or https URL: nonsense\n$/],
    [
      [fileOf(7), '--rpc', stack.chainRpcUrl],
      /^Say whose contracts to trust: --deployment FILE \(or --trust-file .*\n$/,
    ],
    [
      [fileOf(7), '--rpc', 'http://127.0.0.1:9', '--trust-file'],
      /^The chain endpoint http:\/\/127\.0\.0\.1:9 does not answer\.\n$/,
    ],
    [[fileOf(7), '--rpc', url, '--trust-file'], /^The chain endpoint .* does not answer as one: HTTP 404\.\n$/],
    [['absent.gz', ...here()], /^There is no file absent\.gz\.\n$/],
    [[dir, ...here()], /is not a file\.\n$/],
    [[join(projectRoot, 'package.json'), ...here()], /^The epoch file is not a complete gzip file\.\n$/],
    [['7', ...here()], /^Say which gateway has the epoch/],
    [['9', ...here(), '--gateway', url], /^http:\/\/127\.0\.0\.1:\d+ has no epoch 9\.\n$/],
    [['7', ...here(), '--gateway', 'http://127.0.0.1:9'], /^http:\/\/127\.0\.0\.1:9 does not answer\.\n$/],
    [[fileOf(7), '--rpc', stack.chainRpcUrl, '--deployment', 'absent.json'], /^There is no file absent\.json\.\n$/],
    [[fileOf(7), fileOf(8), '--previous', fileOf(7), ...here()], /^--previous goes with one epoch alone\.\n$/],
    [[...Array.from({ length: 17 }, () => fileOf(7)), ...here()], /^These are 17 epochs: at most 16 at once\.\n$/],
    [[fileOf(7), '--nope'], /^error: unknown option '--nope'/],
  ]
  for (const [args, sentence] of cases) {
    const { code, output } = await run(...args)
    expect(output).toMatch(sentence)
    expect(code).toBe(2)
  }
})

test(
  'another chain, contracts that are not there, and an endpoint that lies are named',
  { timeout: 240_000 },
  async () => {
    const lies = await lyingEndpoint(stack.chainRpcUrl)
    const { chainId } = operator.deployment
    try {
      lies.answer = ({ method }) => (method === 'eth_chainId' ? '0x1' : undefined)
      const other = await run(fileOf(7), '--rpc', lies.url, '--deployment', deploymentFile)
      expect([other.code, other.output]).toEqual([
        2,
        `The epoch is of chain ${chainId}, but ${lies.url} is an endpoint of chain 1.\n`,
      ])
      lies.answer = ({ method }) => (method === 'eth_getCode' ? '0x' : undefined)
      const empty = await run(fileOf(7), '--rpc', lies.url, '--deployment', deploymentFile)
      expect(empty.output).toMatch(
        new RegExp(`^Chain ${chainId} has no contract at 0x[0-9a-fA-F]{40}, where PaymentChannels should be\\.\n$`),
      )
      expect(empty.code).toBe(2)
      const byFile = await run(fileOf(7), '--rpc', lies.url, '--trust-file')
      expect(byFile.output).toMatch(
        new RegExp(`^Chain ${chainId} has no contract at 0x[0-9a-fA-F]{40}, where \\w+ should be\\.\n$`),
      )
      expect(byFile.code).toBe(2)
      const root = epochs[0].header.root.slice(2)
      lies.answer = (_request, honest) =>
        JSON.stringify(honest).includes(root)
          ? (JSON.parse(JSON.stringify(honest).replaceAll(root, 'ab'.repeat(32))) as unknown)
          : undefined
      const lied = await run(fileOf(7), '--rpc', lies.url, '--deployment', deploymentFile)
      expect(lied.stdout).toContain(`MISMATCH. Merkle root of the receipts, against that by the event at ${lies.url}`)
      expect(lied.code).toBe(1)
    } finally {
      lies.close()
    }
  },
)

/** Old epochs: with the chain's newest blocks alone, an honest one would look as if it had never been anchored. */
test('an epoch anchored before the blocks that are read back still verifies, and what was not read is said', async () => {
  await jsonRpc(stack.chainRpcUrl, 'anvil_mine', ['0x3e8', '0x1'])
  const open = async function* () {
    yield await readFile(fileOf(8))
  }
  const deployment = await readDeployment(deploymentFile)
  const verified = async (rangesMax: number, rangeBlocks: bigint) => {
    const limits = { rangeBlocks, rangesMax }
    const chain = readEpochChain({ rpcUrl: stack.chainRpcUrl, deployment, header: await readEpochHeader(open), limits })
    const { ok, firstMismatch, unchecked } = await verifyEpoch({ open, chain, threads: 0 })
    return { ok, firstMismatch, unchecked }
  }
  const old = [
    expect.stringMatching(/^the cumulative amounts/),
    expect.stringMatching(/^claims before block \d+ \(longer ago than the chain is read back\)$/),
    expect.stringMatching(/^records of nodes without receipts, reported before block \d+ /),
  ]
  expect(await verified(2, 100n)).toEqual({ ok: true, firstMismatch: null, unchecked: old })
  expect((await verified(0, 100n)).unchecked[0]).toMatch(/^the lane’s anchored epoch before/)
  expect(await verified(1_000, 100n)).toEqual({ ok: true, firstMismatch: null, unchecked: [] })
}, 240_000)

/** The last test: epoch 7 is wrong from here on. */
test('a record on the ledger of a node that has no receipt is named', { timeout: 240_000 }, async () => {
  const { chainId, slaLedger, epoch } = epochs[0].header
  const key = bytes32Of('a node without receipts')
  const { providerId } = epochs[0].terms.terms
  const value = { providerId, nodeKey: addressOfKey(key) }
  const { registry } = operator.deployment.addresses
  const { signature } = signStruct({ chainId, verifyingContract: registry }, 'NodeKey', value, key)
  await addNodeKey(operator, { ...value, signature })
  const nodeId = addressToBytes32(addressOfKey(key))
  const invented = { nodeId, lane, epoch, version: 0, earned: 0n, attempts: 9, faults: 0, countsRoot: ZERO_BYTES32 }
  const record = signStruct({ chainId, verifyingContract: slaLedger }, 'PerformanceRecord', invented, laneKey)
  await reportRecord(operator, { record, nodeSignature: null })

  const { code, stdout } = await run(fileOf(7), ...here())
  expect(stdout).toContain(
    `MISMATCH. Record on the ledger of node ${bytes32ToAddress(nodeId)}: expected none, as it has no receipt in the file, found`,
  )
  expect(code).toBe(1)
})
