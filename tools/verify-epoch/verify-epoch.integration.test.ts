/**
 * The command itself, on a real chain with the real contracts: an honest epoch, the same epoch spoiled in each way, and
 * everything that a person may get wrong. Nothing but the file and the endpoint is given to it.
 *
 * Of each way that it may end, one is a process of its own; what differs in what is said alone runs in this one.
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
  type EpochFileLine,
  type Hex,
} from '@isochrone/protocol'
import { readEpochChain, readEpochHeader, verifyEpoch } from '@isochrone/verifier'
import type { MadeEpoch, MakeEpochOptions } from '@isochrone/verifier/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { projectRoot } from '../project-root.ts'
import { runCommand } from '../run-command.ts'
import { lyingEndpoint } from './lying-endpoint.ts'
import { lane, laneKey, publishTwoEpochs, type PublishedEpochs } from './publish-two-epochs.ts'
import { verifyEpochCommand } from './verify-epoch-command.ts'

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
  gateway = (await serveEpochs(fileOf)).server
}, 240_000)

/** What a gateway does for these epochs. */
async function serveEpochs(pathOf: (epoch: number) => string): Promise<{ server: Server; url: string }> {
  const server = createServer((request, response) => {
    const epoch = /^\/v1\/epochs\/(\d+)\/file(?:\?|$)/.exec(request.url ?? '')?.[1]
    if (epoch !== '7' && epoch !== '8') return void response.writeHead(404).end()
    void readFile(pathOf(Number(epoch))).then((bytes) => response.end(bytes))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

afterAll(async () => {
  gateway?.close()
  await stack?.stop()
  await rm(dir, { recursive: true, force: true })
})

const nowhere = () => ['--data-dir', join(dir, 'no-marketplace')]

/** As people start it. */
async function start(...args: string[]) {
  const script = join(projectRoot, 'tools/verify-epoch/main.ts')
  const { code, stdout, output } = await runCommand(process.execPath, [script, ...args, ...nowhere()], {
    cwd: projectRoot,
  })
  expect(output).not.toMatch(/\n\s+at /)
  return { code, stdout, output }
}

/** The same without a process for it. */
async function run(...args: string[]) {
  let stdout = ''
  let output = ''
  const code = await verifyEpochCommand([...args, ...nowhere()], {
    stdout: {
      write: (text) => {
        stdout += text
        output += text
      },
    },
    stderr: { write: (text) => void (output += text) },
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
    const byFile = await start(fileOf(7), ...here(), '--strict')
    expect(byFile.output).toMatch(/nothing contradicts\.\n$/)
    expect(byFile.code).toBe(0)
    expect(byFile.stdout).toContain(
      '✓ Vouchers claim what receipts make due (2 vouchers, 2 of them to the micro-dollar)',
    )

    const url = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`
    // The next is asked when one is away.
    const sources = ['--gateway', 'http://127.0.0.1:9', '--gateway', url]
    const byId = await start(`${lane}:8`, ...here(), ...sources, '--json', '--progress')
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
    const { code, stdout } = await start(fileOf(7), other, ...here(), '--json')
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
})

test('a file with one flipped byte, or a part of one, is named as damaged', { timeout: 240_000 }, async () => {
  const bytes = await readFile(fileOf(7))
  const path = join(dir, 'damaged.gz')
  const damaged = async (change: Buffer, ...args: string[]) => {
    await writeFile(path, change)
    return run(path, ...here(), ...args)
  }
  const flipped = (at: number): Buffer => {
    const copy = Buffer.from(bytes)
    copy[at] = (copy[at] as number) ^ 1
    return copy
  }
  const hash = epochs[0].dataHash
  const named = `expected bytes that hash to ${hash}, as the chain names them, found bytes that hash to 0x`
  const lines = gunzipSync(bytes).toString().trimEnd().split('\n').length
  for (const [change, sentence] of [
    [flipped(bytes.length >> 1), `MISMATCH. The file is damaged after line `],
    [flipped(bytes.length - 1), `MISMATCH. The file is damaged after line ${lines} (incorrect length check): ${named}`],
    [bytes.subarray(0, -3), `MISMATCH. The file is damaged after line ${lines} (unexpected end of file): ${named}`],
  ] as const) {
    const { code, output } = await damaged(change)
    expect(output).toContain(sentence)
    expect(output).toContain(named)
    expect(output).toContain('✗ The file is the one that the chain names')
    expect(output).toContain('– Vouchers claim what receipts make due (not checked: the file cannot be read so far)')
    expect(output).not.toContain('missing')
    expect(code).toBe(1)
  }

  // The first line says which epoch it is: without it, the reader does, or all anchors are asked.
  const told = await damaged(flipped(0), '--expect', `${lane}:7`)
  expect(told.output).toMatch(/^Epoch 7 of lane 0x/)
  expect(told.output).toContain(
    `MISMATCH. The file is damaged from its first line on (incorrect header check): ${named}`,
  )
  expect(told.code).toBe(1)
  const untold = await damaged(flipped(0))
  expect(untold.output).toMatch(/^A file of no known epoch on chain \d+\n/)
  expect(untold.output).toContain(
    'MISMATCH. The file is damaged from its first line on (incorrect header check): expected a whole file, found bytes',
  )
  expect(untold.output).toMatch(
    /Then:\n {2}Anchor of a file of this hash on the chain at \S+: expected one, found none for 0x/,
  )
  expect(untold.code).toBe(1)
  const foreign = await run(join(projectRoot, 'package.json'), ...here())
  expect(foreign.output).toContain('MISMATCH. The file is damaged from its first line on (incorrect header check)')
  expect(foreign.code).toBe(1)
  const headless = await run(await spoiled((rows) => rows.slice(1)), ...here())
  expect(headless.output).toContain('MISMATCH. Line 1: The first line: expected the header of an epoch, found')
  expect(headless.code).toBe(1)
  // As one of several, too: what it states in the lines that can be read is still compared.
  const beside = await damaged(flipped(bytes.length >> 1), fileOf(8))
  expect(beside.output).toContain('The 2 files do not contradict one another.')
  expect(beside.code).toBe(1)
  const before = await run(fileOf(8), ...here(), '--previous', path)
  expect(before.output).toContain(
    'MISMATCH. A file given as --previous: expected a whole gzip file, found bytes that hash',
  )
  expect(before.code).toBe(1)
})

test('a header that somebody changed is named as such', { timeout: 240_000 }, async () => {
  for (const [change, sentence] of [
    [['"chainId":', '"chainId":1'], 'MISMATCH. Line 1: Chain in the header: expected'],
    [['"count":', '"count":1'], 'MISMATCH. Line 1: Count of leaves in the header, against that by the event at'],
    [['"epoch":7', '"epoch":9'], 'MISMATCH. Line 1: Anchor of epoch 9 on the chain at'],
    [['"epoch":7', '"epoch":8'], 'MISMATCH. Line 1: First number in the header, against that by the event at'],
  ] as const) {
    const path = await spoiled(([header = '', ...rows]) => [header.replace(change[0], change[1]), ...rows])
    const { code, output } = await run(path, ...here())
    expect(output).toContain(sentence)
    expect(code).toBe(1)
  }
})

/** It shows what was owed before, so who makes one up could have any amount called due. */
test(
  'a previous file that is not the one that the chain names is named, and shows nothing',
  { timeout: 240_000 },
  async () => {
    const inflated = await spoiled((rows) =>
      rows.map((row) =>
        row.startsWith('{"kind":"voucher"')
          ? row.replace(/"cumulative":"(\d+)"/, (_, text) => `"cumulative":"${text}0"`)
          : row,
      ),
    )
    const { code, stdout } = await run(fileOf(8), ...here(), '--previous', inflated)
    expect(stdout).toContain(
      'MISMATCH. Hash of the file given as --previous for epoch 7, against that on the chain: expected 0x',
    )
    expect(code).toBe(1)
  },
)

/** A lane's way to more than is due: all its vouchers together stay below what it anchored. */
test(
  'a voucher of a later epoch that is one micro-dollar too high is named by its id',
  { timeout: 240_000 },
  async () => {
    const [payer = ZERO_BYTES32] = [...epochs[0].signedAfter.keys()].map((key) => key.slice(0, 66) as Hex)
    const market = await publishTwoEpochs({
      rpcUrl: stack.chainRpcUrl,
      dir: await mkdtemp(join(dir, 'inflated-')),
      profile: stack.chainProfile,
      second: { channelIds: [payer] },
      spoil: oneMore,
    })
    const served = await serveEpochs((epoch) => market.fileOf(epoch))
    const other = await serveEpochs(fileOf)
    const chain = ['--rpc', stack.chainRpcUrl, '--deployment', market.deploymentFile]
    try {
      const byId = await start(`${lane}:8`, ...chain, '--gateway', served.url)
      const sentence =
        /MISMATCH\. Line \d+: What a voucher adds to the one before it, in µUSD: expected (\d+), found (\d+)\./
      const [, due, adds] = sentence.exec(byId.stdout) ?? []
      expect(Number(adds) - Number(due)).toBe(1)
      expect(byId.stdout).toContain(`looked up in the file of epoch 7, fetched from ${served.url}.`)
      expect(byId.code).toBe(1)
      // As the page of an epoch says it: a file, and where the lane's others are. Who has another file instead stops nobody.
      const file = market.fileOf(8)
      const byFile = await run(file, ...chain, '--gateway', other.url, '--gateway', served.url)
      expect(byFile.output).toMatch(sentence)
      expect(byFile.output).toContain(`fetched from ${served.url}.`)
      expect(byFile.code).toBe(1)
      const swapped = await run(file, ...chain, '--gateway', other.url)
      expect(swapped.output).toContain(`MISMATCH. Hash of the file of epoch 7 that ${other.url} gives out`)
      expect(swapped.code).toBe(1)
      // Where nobody gives the file out, the amount stays open, and the report says why.
      const nobody = await run(file, ...chain, '--gateway', 'http://127.0.0.1:9')
      expect(nobody.output).toContain(
        'NOT CHECKED: the cumulative amounts of 1 voucher (http://127.0.0.1:9 does not answer; --previous FILE shows',
      )
      expect((await run(file, ...chain, '--gateway', 'http://127.0.0.1:9', '--strict')).code).toBe(1)
    } finally {
      served.server.close()
      other.server.close()
    }
  },
)

/** Its vouchers, signed anew for a micro-dollar more. */
function oneMore({ chainId = 0, paymentChannels = '0x', laneKey = '0x' }: MakeEpochOptions) {
  const domain = { chainId, verifyingContract: paymentChannels }
  return (lines: Iterable<EpochFileLine>): EpochFileLine[] =>
    [...lines].map((line) => {
      if (line.kind !== 'voucher') return line
      const value = { ...line.voucher.value, cumulative: line.voucher.value.cumulative + 1n }
      return { kind: 'voucher', voucher: signStruct(domain, 'Voucher', value, laneKey) }
    })
}

/** A forger's own contracts would confirm whatever the forger's file says: without a word of the reader that is no success. */
test('a file and a chain alone: all is checked that they allow, and it ends with 2', { timeout: 240_000 }, async () => {
  const right = await start(fileOf(7), '--rpc', stack.chainRpcUrl)
  expect(right.output).toContain('contracts as the file names them')
  expect(right.output).toContain('whether the contracts are the marketplace’s (--deployment FILE)')
  expect(right.output).toMatch(/\nNothing contradicts, but say whose contracts to trust: --deployment FILE .*\n$/)
  expect(right.code).toBe(2)
  const path = await spoiled((rows) => rows.toSpliced(3, 1))
  const wrong = await run(path, '--rpc', stack.chainRpcUrl)
  expect(wrong.output).not.toContain('Nothing contradicts')
  expect(wrong.code).toBe(1)
})

test('what cannot be checked says why in one sentence, and ends with 2', { timeout: 240_000 }, async () => {
  const url = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`
  const cases: [args: string[], sentence: RegExp][] = [
    [[fileOf(7)], /^Say which chain endpoint to ask: --rpc URL\.\n$/],
    [[fileOf(7), '--rpc', 'nonsense'], /^--rpc is no http or https URL: nonsense\n$/],
    [
      [fileOf(7), '--rpc', 'http://127.0.0.1:9', '--trust-file'],
      /^The chain endpoint http:\/\/127\.0\.0\.1:9 does not answer\.\n$/,
    ],
    [[fileOf(7), '--rpc', url, '--trust-file'], /^The chain endpoint .* does not answer as one: HTTP 404\.\n$/],
    [['absent.gz', ...here()], /^There is no file absent\.gz\.\n$/],
    [[dir, ...here()], /is not a file\.\n$/],
    [
      [join(projectRoot, 'package.json'), '--rpc', stack.chainRpcUrl],
      /^The epoch file is not a complete gzip file\.\n$/,
    ],
    [[fileOf(7), '--expect', 'seven', ...here()], /^--expect is no EPOCH or LANE:EPOCH: seven\n$/],
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
  // As processes: a flag that there is not, a sentence, and what it is for.
  expect(await start('--nope')).toMatchObject({ code: 2, stdout: '' })
  const nameless = 'Say which chain endpoint to ask: --rpc URL.\n'
  expect(await start(fileOf(7))).toEqual({ code: 2, stdout: '', output: nameless })
  const help = await start('--help')
  expect(help.code).toBe(0)
  expect(help.stdout).toContain('Checks a published epoch')
  expect(help.stdout).toContain('Exits 0 when nothing contradicts')
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
  // A thousand, by requests that each end in time on a busy machine.
  for (let count = 0; count < 10; count++) await jsonRpc(stack.chainRpcUrl, 'anvil_mine', ['0x64', '0x1'])
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
