/**
 * Takes a machine to the market as its owner would: wizard, one-time token, the two commands of the agent, submit. Then the worker
 * decides. A cheat differs from an honest node in what it says and runs, and in nothing else.
 */
import { execFile } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { spawnProcess, type RunningProcess } from '@isochrone/local-stack'
import { newId, payoutMessage } from '@isochrone/domain'
import { randomBytes32, type Hex } from '@isochrone/protocol'
import { agentNodeFlags, childEnv } from '@isochrone/runtime'
import { STAKE_MIN_MICRO_USD } from '@isochrone/services'
import { privateKeyToAccount } from 'viem/accounts'
import { projectRoot } from '../project-root.ts'
import { until, type EmptyMarket } from './empty-market.ts'

const execFileAsync = promisify(execFile)
const nodeFlags = ['--disable-warning=ExperimentalWarning']
const agentMain = join(projectRoot, 'apps/agent/src/main.ts')

/** µUSD per 10⁶ tokens: so dear that one token more or less is many µUSD. */
export const prices = {
  inMicroUsdPerMtok: 2_000_000n,
  cachedMicroUsdPerMtok: 1_000_000n,
  outMicroUsdPerMtok: 8_000_000n,
  inMicroUsdPerGb: 0n,
  outMicroUsdPerGb: 0n,
}

export const demoModel = 'isochrone-demo-tiny'

/** An agent that drives the engine at `url` and calls its model `name`. */
export function behind(url: string, name: string): string[] {
  const upstream = ['--engine', 'openai', '--engine-url', url]
  return [...upstream, '--engine-model', demoModel, '--model-id', name]
}

export interface Lister {
  readonly orgId: string
  readonly userId: string
  readonly providerId: string
}

export interface NodeSpec {
  readonly name: string
  /** What the listing claims. */
  readonly region: string
  readonly country: string
  /** Whether its owner declares that other nodes run on its host. All of these do, so true unless it says otherwise. */
  readonly sharedHost?: boolean
  readonly outMicroUsdPerMtok?: bigint
  /** Where it stands, by the delay shim: latitude and longitude, degrees. */
  readonly place: string
  readonly engine: readonly string[]
  /** What `nvidia-smi` of this machine prints; without it there is none. */
  readonly nvidiaSmi?: string
  /** The one processor core that it runs on, by its number; any without it. Those with one are in one session, as on one host. */
  readonly core?: number
}

export interface ListedNode {
  readonly name: string
  /** `node_…`, as gateways name it to customers. */
  readonly id: string
  readonly nodeId: Hex
  readonly listingId: string
  readonly owner: Lister
  readonly agent: RunningProcess
}

/** A provider with a wallet and a stake that is on its way. */
async function becomeProvider(world: EmptyMarket, name: string): Promise<Lister> {
  const { controlPlane, store } = world
  const { orgId, userId } = await world.organisation(`org_${name.replaceAll('-', '_')}`)
  const wallet = privateKeyToAccount(randomBytes32())
  const payoutAddress = wallet.address
  const payoutSignature = await wallet.signMessage({ message: payoutMessage({ orgId, payoutAddress }) })
  await controlPlane.providers.create({ orgId, name, payoutAddress, payoutSignature })
  const providerId = (await store.providers.byOrg(orgId))?.id ?? ''
  // Test money of the platform's: a wallet in a browser would put up its own.
  const stake = { id: newId('stake'), providerId, microUsd: STAKE_MIN_MICRO_USD, requestedBy: userId }
  await store.listings.insertStakeOrder(stake)
  return { orgId, userId, providerId }
}

/** A node of a provider of its own, named like it. */
export async function listNew(world: EmptyMarket, spec: NodeSpec): Promise<ListedNode> {
  return listNode(world, await becomeProvider(world, spec.name), spec)
}

/** Resolves once the worker has decided: the listing is live, or came back to its owner. */
async function listNode(world: EmptyMarket, owner: Lister, spec: NodeSpec): Promise<ListedNode> {
  const { listings } = world.controlPlane
  const { orgId } = owner
  const { name: nodeName, region, country, sharedHost = true } = spec
  const machine = { nodeName, region, country, tier: 'regional', dataPolicy: 'any', sharedHost } as const
  const { id } = await listings.create({ ...owner, key: crypto.randomUUID() })
  const saved = await listings.save({
    orgId,
    id,
    version: 1,
    draft: { machine, prices: priceStep(spec) },
    confirmed: true,
  })
  const { token } = await listings.command({ ...owner, id, version: saved.version })
  const { nodeId, agent } = await joinAndRun(world, spec, token)
  const looksReady = async () => {
    const { node } = await listings.detail({ orgId, id })
    const log = readFileSync(logOf(world, spec), 'utf8')
    return node?.models !== null && node !== null && log.includes('linked to a witness')
  }
  await until(`${spec.name} reports and is linked to the witness`, looksReady)
  // What it says of its models is listed as it says it: a cheat's words are no different from an honest node's.
  const reported = await listings.detail({ orgId, id })
  const models = (reported.node?.models ?? []).map(({ model, modelHash }) => ({ model, modelHash }))
  const engine = reported.node?.engine?.name ?? 'other'
  await listings.save({ orgId, id, version: reported.version, draft: { models: { engine, models } }, confirmed: false })
  await until(`the engine of ${spec.name} answers`, async () => {
    const { models: standing } = await listings.detail({ orgId, id })
    return standing.state === 'done'
  })
  const { version, node } = await listings.detail({ orgId, id })
  await listings.submit({ orgId, providerId: owner.providerId, id, version })
  await until(`the listing of ${spec.name} is decided`, async () => {
    const { status } = await listings.detail({ orgId, id })
    return status !== 'submitted'
  })
  return { name: spec.name, id: node?.id ?? '', nodeId, listingId: id, owner, agent }
}

function priceStep({ outMicroUsdPerMtok = prices.outMicroUsdPerMtok }: NodeSpec) {
  return {
    inMicroUsdPerMtok: String(prices.inMicroUsdPerMtok),
    cachedMicroUsdPerMtok: String(prices.cachedMicroUsdPerMtok),
    outMicroUsdPerMtok: String(outMicroUsdPerMtok),
    gpuHourMicroUsd: '0',
  }
}

const logOf = ({ dir }: EmptyMarket, { name }: NodeSpec) => join(dir, 'logs', `agent-${name}.log`)

/** The two commands that the wizard shows. */
async function joinAndRun(world: EmptyMarket, spec: NodeSpec, token: string) {
  const dataDir = join(world.dir, 'nodes', spec.name)
  const env = envOf(world, spec)
  const joining = [...nodeFlags, agentMain, 'join', '--api', world.agentApiUrl, '--token', token, '--data-dir', dataDir]
  await execFileAsync(process.execPath, joining, { cwd: projectRoot, env, timeout: 120_000 })
  const { nodeId } = JSON.parse(readFileSync(join(dataDir, 'agent.json'), 'utf8')) as { nodeId: Hex }
  const run = [...nodeFlags, ...agentNodeFlags, agentMain, 'run', '--data-dir', dataDir, ...spec.engine]
  const program = [process.execPath, ...run, '--simulated-place', spec.place]
  const pinned = spec.core === undefined ? program : ['taskset', '--cpu-list', String(spec.core), ...program]
  const [command = '', ...args] = pinned
  const agent = spawnProcess({
    name: `agent ${spec.name}`,
    command,
    args,
    cwd: projectRoot,
    logFile: logOf(world, spec),
    env,
    sharesSession: spec.core !== undefined,
  })
  world.processes.push(agent)
  return { nodeId, agent }
}

/** A machine with GPUs is one whose path has an `nvidia-smi` that names them. */
function envOf({ dir }: EmptyMarket, { name, nvidiaSmi }: NodeSpec) {
  const env = childEnv({ LOG_LEVEL: 'info', ISOCHRONE_ENVIRONMENT: 'development' })
  if (nvidiaSmi === undefined) return env
  const bin = join(dir, 'bin', name)
  mkdirSync(bin, { recursive: true })
  writeFileSync(join(bin, 'nvidia-smi'), `#!/bin/sh\ncat <<'END'\n${nvidiaSmi}\nEND\n`)
  chmodSync(join(bin, 'nvidia-smi'), 0o755)
  return { ...env, PATH: `${bin}${delimiter}${env.PATH}` }
}
