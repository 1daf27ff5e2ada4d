/** Bad input at a start: each process says in one line what is wrong, with nobody's stack, and exits with 1. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  codeHashOf,
  contractNames,
  createChainClient,
  developmentParams,
  partiesOf,
  type Deployment,
} from '@isochrone/contracts-client'
import { startTestStack, type TestStack } from '@isochrone/local-stack'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { projectRoot } from '../project-root.ts'
import { runCommand } from '../run-command.ts'

const NOWHERE = '0x00000000000000000000000000000000000000aA'

let stack: TestStack
let dir: string
let deployment: Deployment
let nonsense: Server
/** Of the endpoint that is no chain's. */
let answer = ''

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'isochrone-start-errors-'))
  stack = await startTestStack({ chain: true })
  nonsense = createServer((_request, response) => void response.end(answer))
  await new Promise<void>((resolve) => nonsense.listen(0, '127.0.0.1', resolve))
  const forAll = <T>(value: (name: (typeof contractNames)[number]) => T) =>
    Object.fromEntries(contractNames.map((name) => [name, value(name)])) as Record<(typeof contractNames)[number], T>
  deployment = {
    version: 3,
    chainId: await createChainClient(stack.chainRpcUrl).getChainId(),
    blockNumber: 0,
    addresses: forAll(() => NOWHERE),
    codeHashes: forAll(codeHashOf),
    params: developmentParams(partiesOf(NOWHERE, [NOWHERE])),
  }
}, 300_000)
afterAll(async () => {
  nonsense?.close()
  await stack?.stop()
  await rm(dir, { recursive: true, force: true })
})

interface Start {
  deploymentFile?: string
  chainRpcUrl?: string
  env?: Record<string, string>
}

/** What a process printed that could not start. Nothing but the chain is there: it must not get further than that. */
async function started(app: 'worker' | 'gateway', start: Start = {}): Promise<string> {
  const { code, output } = await runCommand(process.execPath, [join(projectRoot, `apps/${app}/src/main.ts`)], {
    cwd: projectRoot,
    limitMs: 240_000,
    env: {
      ISOCHRONE_ENVIRONMENT: 'development',
      LOG_LEVEL: 'silent',
      DATABASE_URL: 'postgresql://nobody@127.0.0.1:9/none',
      REDIS_URL: 'redis://127.0.0.1:9',
      CHAIN_RPC_URL: start.chainRpcUrl ?? stack.chainRpcUrl,
      DEPLOYMENT_FILE: start.deploymentFile ?? (await fileWith(deployment)),
      GATEWAY_URLS: 'http://127.0.0.1:9',
      DATA_DIR: join(dir, app),
      ...start.env,
    },
  })
  expect(output).toMatch(new RegExp(`^${app}: [^\n]+\n$`))
  expect(code).toBe(1)
  return output.trim()
}

async function fileWith(content: unknown): Promise<string> {
  const path = join(dir, 'deployment.json')
  await writeFile(path, JSON.stringify(content))
  return path
}

test('another chain than the contracts are on is named, without the advice to wipe anything', async () => {
  const { chainId } = deployment
  const deploymentFile = await fileWith({ ...deployment, chainId: 5 })
  expect(await started('worker', { deploymentFile })).toBe(
    `worker: The chain answers with id ${chainId}, but the contracts are recorded on 5. ` +
      `Name an endpoint of chain 5, or the deployment file of chain ${chainId}.`,
  )
  expect(await started('worker', { env: { CHAIN_ID: '7' } })).toBe(
    `worker: CHAIN_ID is 7, but the deployment file names contracts on chain ${chainId}.`,
  )
}, 300_000)

test('an address without code is named with its contract', async () => {
  expect(await started('worker')).toMatch(
    new RegExp(`^worker: Chain ${deployment.chainId} has no \`\\w+\` contract at ${NOWHERE}: [^-]+deploy again\\.$`),
  )
}, 300_000)

test('a deployment file that is missing, a folder or something else is named', async () => {
  const absent = join(dir, 'absent.json')
  expect(await started('worker', { deploymentFile: absent })).toContain(absent)
  expect(await started('gateway', { deploymentFile: absent })).toBe(
    `gateway: ${absent} does not hold a deployment of the contracts: deploy them first.`,
  )
  const other = await fileWith({ name: 'something else' })
  for (const app of ['worker', 'gateway'] as const) {
    expect(await started(app, { deploymentFile: dir })).toContain(dir)
    expect(await started(app, { deploymentFile: other })).toContain(`${other} does not hold a deployment`)
  }
}, 240_000)

/** A URL may hold a key behind its host: the line goes into logs. */
test('an endpoint that is away or answers nonsense is named without its path', async () => {
  expect(await started('worker', { chainRpcUrl: 'http://127.0.0.1:9/v3/secret' })).toBe(
    'worker: The chain endpoint http://127.0.0.1:9 does not answer.',
  )
  const url = `http://127.0.0.1:${(nonsense.address() as AddressInfo).port}`
  const said = `worker: The chain endpoint ${url} does not answer as`
  answer = '<html>welcome</html>'
  expect(await started('worker', { chainRpcUrl: `${url}/v3/secret` })).toBe(`${said} one: it gives no JSON.`)
  // The id of a chain, and nothing else: no code for a contract either.
  answer = '{"jsonrpc":"2.0","id":1,"result":"0x5"}'
  const start = { chainRpcUrl: url, deploymentFile: await fileWith({ ...deployment, chainId: 5 }) }
  expect(await started('worker', start)).toBe(`${said} a chain would: it gives no code for ${NOWHERE}.`)
}, 240_000)

test('flags that a small command does not know are named, and it exits with 2', async () => {
  for (const main of [
    'apps/worker/src/simulated-day/main.ts',
    'contracts/tools/export-abis.ts',
    'tools/lint/main.ts',
  ]) {
    const { code, output } = await runCommand(process.execPath, [join(projectRoot, main), '--nope'], {
      cwd: projectRoot,
    })
    expect(output, main).toMatch(/^Unknown option '--nope'[^\n]*\n$/)
    expect(code, main).toBe(2)
  }
}, 300_000)
