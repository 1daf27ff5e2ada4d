/** A deployment to a chain with another id: planned, cut off, taken up again without an orphan, and read back. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  contractAbis,
  createChainClient,
  deploymentBytecode,
  developmentParams,
  developmentProfile,
  productionParams,
  readDeployment,
} from '@isochrone/contracts-client'
import { freePort, jsonRpc, startAnvil, type Service } from '@isochrone/local-stack'
import { developmentKeys } from '@isochrone/runtime'
import { encodeDeployData, keccak256, stringToHex, type Address, type Hex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { deploy, type DeployOptions } from './deploy.ts'
import { readDeployParams } from './deploy-plan.ts'

const CHAIN_ID = 8_453
const keyOf = (name: string): Hex => keccak256(stringToHex(`deploy test ${name}`))
const addressOf = (name: string): Address => privateKeyToAccount(keyOf(name)).address
const parties = {
  admin: addressOf('admin'),
  guardian: addressOf('guardian'),
  auditor: addressOf('auditor'),
  treasury: addressOf('treasury'),
  arbiters: Array.from({ length: 6 }, (_, i) => addressOf(`arbiter ${i}`)),
}

let dir: string
let chain: Service
let token: Address
const said: string[] = []
const options = (changed: Partial<DeployOptions> = {}): DeployOptions => ({
  rpcUrl: chain.url,
  privateKey: keyOf('deployer'),
  profile: { ...developmentProfile(CHAIN_ID), blockTimeMs: 200 },
  params: readDeployParams(JSON.stringify({ ...parties, feeBps: 250 }), 'params.json'),
  token,
  journalFile: join(dir, 'journal'),
  dryRun: false,
  say: (line) => said.push(line),
  ...changed,
})

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'isochrone-deploy-'))
  const logFile = join(dir, 'anvil.log')
  chain = await startAnvil({ stateFile: undefined, logFile, port: await freePort(), chainId: CHAIN_ID, tickMs: 0 })
  await jsonRpc(chain.url, 'anvil_setBalance', [addressOf('deployer'), '0x8ac7230489e80000'])
  const data = encodeDeployData({ abi: contractAbis.token, bytecode: deploymentBytecode.token })
  const [from] = await jsonRpc<Address[]>(chain.url, 'eth_accounts')
  const hash = await jsonRpc<Hex>(chain.url, 'eth_sendTransaction', [{ from, data }])
  const receipt = await createChainClient(chain.url).waitForTransactionReceipt({ hash, pollingInterval: 50 })
  token = receipt.contractAddress as Address
})
afterAll(async () => {
  await chain?.stop()
  await rm(dir, { recursive: true })
})

const sent = () => createChainClient(chain.url).getTransactionCount({ address: addressOf('deployer') })

test('what is fit for development alone, or for another chain, is refused before anything is sent', async () => {
  const refused = (changed: Partial<DeployOptions>, why: RegExp) =>
    expect(deploy(options(changed))).rejects.toThrow(why)
  await refused({ privateKey: developmentKeys[0] }, /development account/)
  await refused({ params: developmentParams(parties) }, /fit for development alone \(chain 8453\)/)
  const publicJudge = privateKeyToAccount(developmentKeys[3]).address
  await refused({ params: { ...options().params, auditor: publicJudge } }, /auditor .* its key is public/)
  const { token: _, ...noToken } = options()
  await expect(deploy(noToken)).rejects.toThrow(/needs a token/)
  await refused({ token: addressOf('nobody') }, /no contract at/)
  await refused({ profile: { ...developmentProfile(1), blockTimeMs: 200 } }, /chain/)
  const file = (changed: object) => () => readDeployParams(JSON.stringify({ ...parties, ...changed }), 'p.json')
  expect(file({ arbiters: parties.arbiters.slice(1) })).toThrow(/p.json: arbiters/)
  expect(file({ graceSeconds: 1 })).toThrow(/p.json/)
  expect(file({ feeBps: 10_001 })).toThrow(/p.json: feeBps/)
  expect(file({})()).toEqual(productionParams(parties))
  expect(await sent()).toBe(0)
})

test('a dry run says what each transaction takes and sends none', async () => {
  expect(await deploy(options({ dryRun: true }))).toBeNull()
  expect(said.filter((line) => line.startsWith('plan  deploy')).length).toBe(11)
  expect(said.at(-1)).toMatch(/^In all \d+ gas: about 0\.\d+ at the price of now/)
  expect(await sent()).toBe(0)
})

/** The command itself, killed once it has said `sent` so many times: -1 lets it end. */
async function run(killAfter: number): Promise<{ code: number | null; said: string; complaints: string }> {
  const main = join(import.meta.dirname, 'main.ts')
  const flags = ['--rpc', chain.url, '--chain-id', String(CHAIN_ID), '--token', token, '--finality', '0']
  const files = [
    '--key-file',
    join(dir, 'key'),
    '--params',
    join(dir, 'params.json'),
    '--out',
    join(dir, 'deployment.json'),
  ]
  const pace = ['--block-time-ms', '200', '--confirmations', '1']
  const child = spawn(process.execPath, [main, ...flags, ...files, ...pace], { stdio: ['ignore', 'pipe', 'pipe'] })
  const [heard, complained] = [[] as string[], [] as string[]]
  child.stdout.on('data', (text) => {
    heard.push(String(text))
    if (killAfter >= 0 && heard.join('').split('\nsent').length > killAfter) child.kill('SIGKILL')
  })
  child.stderr.on('data', (text) => complained.push(String(text)))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, said: heard.join(''), complaints: complained.join('') }
}

test('a run that is killed is taken up again: no contract twice, and roles as planned', async () => {
  await writeFile(join(dir, 'key'), `${keyOf('deployer')}\n`)
  await writeFile(join(dir, 'params.json'), JSON.stringify({ ...parties, feeBps: 250 }))
  const first = await run(3)
  expect([first.code, first.complaints]).toEqual([null, ''])
  expect(first.said).toMatch(/In all \d+ gas/)
  expect(await sent()).toBeGreaterThan(0)
  const second = await run(-1)
  expect([second.code, second.complaints]).toEqual([0, ''])
  expect(second.said).toMatch(/^Going on with .*: \d+ transactions were sent before\.\nwas sent {2}deploy/)
  expect(second.said).toMatch(/\nsent {2}grantRole[^]*\nDeployed and read back: /)
  const deployment = await readDeployment(join(dir, 'deployment.json'))
  expect(deployment?.params).toMatchObject({ ...parties, feeBps: 250 })
  expect([deployment?.chainId, deployment?.codeHashes.token]).toEqual([CHAIN_ID, null])
  const journalFile = join(dir, 'deployment.json.journal')
  const journal = JSON.parse(await readFile(journalFile, 'utf8')) as { transactions: { to: unknown }[] }
  // Every number of the account is in the journal once; eleven of them made a contract.
  expect(await sent()).toBe(journal.transactions.length)
  expect(journal.transactions.filter(({ to }) => to === null).length).toBe(11)

  expect(await deploy(options({ journalFile }))).toEqual(deployment)
  expect(await sent()).toBe(journal.transactions.length)
  const others = options({ journalFile, params: productionParams(parties) })
  await expect(deploy(others)).rejects.toThrow(/with other parameters, token/)
  expect(await run(-1)).toMatchObject({ code: 1, complaints: expect.stringMatching(/is there already/) })
  // Two starts of the command, and a chain that mines each of some thirty transactions.
}, 300_000)
