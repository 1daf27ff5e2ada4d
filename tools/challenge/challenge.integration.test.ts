/** The command on a real chain: what an honest lane published, what a lying one did, and who is paid for finding out. */
import { createReadStream } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { reportRecord, stakeOf, standingOf, type ChainWriter } from '@isochrone/contracts-client'
import { startTestStack, type TestStack } from '@isochrone/local-stack'
import {
  addressOfKey,
  addressToBytes32,
  signStruct,
  type EpochFileLine,
  type Hex,
  type PerformanceRecord,
  type Signed,
} from '@isochrone/protocol'
import { makeEpoch, type MakeEpochOptions } from '@isochrone/verifier/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { projectRoot } from '../project-root.ts'
import { runCommand } from '../run-command.ts'
import { lyingEndpoint } from '../verify-epoch/lying-endpoint.ts'
import { accuse } from './accuse.ts'
import {
  lane,
  laneKey,
  nodeKeys,
  operatorKey,
  publishTwoEpochs,
  type PublishedEpochs,
} from '../verify-epoch/publish-two-epochs.ts'

let stack: TestStack
let dir: string
let market: PublishedEpochs
let keyFile: string
const [liar, contradicted] = nodeKeys.map((key) => addressToBytes32(addressOfKey(key))) as [Hex, Hex]

/** What the lane signs of one node in the second epoch is false. */
function spoil({ chainId = 0, slaLedger = '0x' }: MakeEpochOptions) {
  return function* (lines: Iterable<EpochFileLine>): Generator<EpochFileLine> {
    for (const line of lines) {
      const isIt = line.kind === 'record' && line.record.value.nodeId === liar
      yield isIt ? { kind: 'record', record: falsified(line.record.value, chainId, slaLedger) } : line
    }
  }
}

function falsified(record: PerformanceRecord, chainId: number, verifyingContract: Hex): Signed<PerformanceRecord> {
  const value = { ...record, faults: record.faults + 1 }
  return signStruct({ chainId, verifyingContract }, 'PerformanceRecord', value, laneKey)
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'isochrone-challenge-'))
  stack = await startTestStack({ chain: true })
  market = await publishTwoEpochs({ rpcUrl: stack.chainRpcUrl, dir, profile: stack.chainProfile, spoil })
  keyFile = join(dir, 'key')
  await writeFile(keyFile, operatorKey)
}, 240_000)
afterAll(async () => {
  await stack?.stop()
  await rm(dir, { recursive: true, force: true })
})

async function run(...args: string[]) {
  const script = join(projectRoot, 'tools/challenge/main.ts')
  const where = ['--rpc', stack.chainRpcUrl, '--deployment', market.deploymentFile, '--block-time-ms', '100']
  const { confirmations = 1, feeModel = 'eip1559' } = stack.chainProfile ?? {}
  const how = ['--confirmations', String(confirmations), '--fee-model', feeModel]
  const { code, output } = await runCommand(process.execPath, [script, ...args, ...where, ...how], { cwd: projectRoot })
  expect(output).not.toMatch(/\n\s+at /)
  return { code, output }
}
/** The same in this process. */
async function accuseBy(writer: ChainWriter | null, ...paths: string[]) {
  const files = paths.map((path) => ({ name: path, open: () => createReadStream(path) as AsyncIterable<Uint8Array> }))
  const lines: string[] = []
  const accused = await accuse({ files, reader: market.operator, writer, say: (line) => void lines.push(line) })
  return { ...accused, output: lines.join('\n') }
}
const statusOf = async (nodeId: Hex) => (await standingOf(market.operator, { nodeId, lane, epoch: 8 }))?.status
const laneStake = async () => (await stakeOf(market.operator, lane)).tokens

test('an honest epoch convicts nobody; what cannot be checked says why', { timeout: 240_000 }, async () => {
  const [{ records }] = market.epochs
  for (const record of records) await reportRecord(market.operator, { record, nodeSignature: null })
  expect(await run(market.fileOf(7))).toEqual({ code: 0, output: 'Nothing is wrong.\n' })
  const said = { code: 2, output: 'Say which gateway has the epoch: --gateway URL. Or name a file.\n' }
  expect(await run('9', '--key-file', keyFile)).toEqual(said)
})

/** Whoever cannot check must not be told that nothing is wrong. */
test('bad input ends with 2 and one sentence: which chain, contract, file or root', { timeout: 240_000 }, async () => {
  const file = market.fileOf(7)
  const lies = await lyingEndpoint(stack.chainRpcUrl)
  const script = join(projectRoot, 'tools/challenge/main.ts')
  const said = async (args: string[], rpc = lies.url, deployment = market.deploymentFile) => {
    const all = [script, ...args, '--rpc', rpc, '--deployment', deployment]
    const { code, output } = await runCommand(process.execPath, all, { cwd: projectRoot })
    expect(code).toBe(2)
    return output
  }
  try {
    lies.answer = ({ method }) => (method === 'eth_chainId' ? '0x1' : undefined)
    expect(await said([file])).toMatch(
      new RegExp(
        `^The chain answers with id 1, but the contracts are recorded on ${market.deployment.chainId}\\.[^\n]*\n$`,
      ),
    )
    lies.answer = ({ method }) => (method === 'eth_getCode' ? '0x' : undefined)
    expect(await said([file])).toMatch(/^Chain \d+ has no `\w+` contract at 0x[0-9a-fA-F]{40}[^\n]*\n$/)
    const root = market.epochs[0].header.root.slice(2)
    lies.answer = (_request, honest) =>
      JSON.stringify(honest).includes(root)
        ? (JSON.parse(JSON.stringify(honest).replaceAll(root, 'ab'.repeat(32))) as unknown)
        : undefined
    expect(await said([file])).toBe(
      `${file} says nothing about records. Its receipts make the root 0x${root}, the chain endpoint says that ` +
        `0x${'ab'.repeat(32)} was anchored: it is another file, or the endpoint lies.\n` +
        'Nothing was found in what could be checked.\n',
    )
    lies.answer = () => undefined
    expect(await said(['absent.gz'])).toBe('There is no file absent.gz.\n')
    expect(await said([join(projectRoot, 'package.json')])).toMatch(/^[^\n]* is not a complete gzip file\.\n$/)
    expect(await said([file], lies.url, 'absent.json')).toBe('There is no file absent.json.\n')
    expect(await said([file], 'nonsense')).toBe('--rpc is no http or https URL: nonsense\n')
    expect(await said(['9', '--gateway', lies.url], 'http://127.0.0.1:9')).toBe(
      'The chain endpoint http://127.0.0.1:9 does not answer.\n',
    )
  } finally {
    lies.close()
  }
})

/** Money: false records and contradictions cost their signer, whoever finds them. */
test(
  'a false record is challenged, one that its lane contradicts is invalid at once, and both only once',
  {
    timeout: 240_000,
  },
  async () => {
    const { operator, deployment, epochs } = market
    const [, { records, header }] = epochs
    for (const { value } of records) {
      const record = falsified(value, header.chainId, deployment.addresses.ledger)
      await reportRecord(operator, { record, nodeSignature: null })
    }
    const before = await laneStake()
    expect(await accuseBy(null, market.fileOf(8))).toMatchObject({ found: 2, sent: 0, failed: [] })
    expect(await laneStake()).toBe(before)

    const { output, code } = await run(market.fileOf(8), '--key-file', keyFile)
    expect(output).toContain(`The record of node ${addressOfKey(nodeKeys[0] as Hex)} in epoch 8 does not follow`)
    expect(output).toContain(`The record of node ${addressOfKey(nodeKeys[1] as Hex)} in epoch 8 is another one than`)
    expect(output).toContain('2 found, 2 sent.')
    expect(code).toBe(1)
    expect([await statusOf(liar), await statusOf(contradicted)]).toEqual(['challenged', 'invalid'])
    expect(before - (await laneStake())).toBe(BigInt(deployment.params.falseRecordPenaltyMicroUsd))
    expect(await accuseBy(operator, market.fileOf(8))).toMatchObject({ found: 1, sent: 0, failed: [] })
  },
)

test(
  'what contracts judge from signatures alone is proven from files that nobody anchored',
  { timeout: 240_000 },
  async () => {
    const { header } = market.epochs[0]
    const domain = { chainId: header.chainId, verifyingContract: header.paymentChannels }
    const path = join(dir, 'dearer.jsonl.gz')
    const { paymentChannels, receiptAnchor, slaLedger, chainId } = header
    const { providerId } = market.epochs[0].terms.terms
    const common = { chainId, paymentChannels, receiptAnchor, slaLedger, laneKey, nodeKeys, providerId }
    await makeEpoch(path, { ...common, receipts: 5, leaseEvery: 0, epoch: 9, seed: 3 }, function* (lines) {
      for (const line of lines) {
        if (line.kind !== 'delivery' || line.delivery.value.seq !== 2) yield line
        else {
          const value = { ...line.delivery.value, price: line.delivery.value.price + 1n }
          yield { ...line, delivery: signStruct(domain, 'DeliveryReceipt', value, laneKey) }
        }
      }
    })
    const before = await laneStake()
    const { output, found, sent, failed } = await accuseBy(market.operator, path, market.fileOf(7))
    expect(output).toMatch(/Receipt 2: its price of \d+ µUSD does not follow from its terms\. Sent: 0x/)
    expect(output).toMatch(/Receipt 2: its lane signed two under that number\. Sent: 0x/)
    expect(output).toContain(`${path} says nothing about records. The file of epoch 9 is not whole.`)
    expect(found).toBe(sent + failed.length)
    expect(failed).toEqual([])
    expect(await laneStake()).toBeLessThan(before)
  },
)
