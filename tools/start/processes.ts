/**
 * How each of our own processes is started: its program, its part of the environment, and when it counts as up.
 *
 * All run on this Node, straight from TypeScript, in process groups of their own, with their output in `logs/`.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describeExit, spawnProcess, spawnService, type RunningProcess } from '@isochrone/local-stack'
import { bytes32Of } from '@isochrone/protocol'
import { agentNodeFlags, childEnv, gatewayNodeFlags, mallocEnv } from '@isochrone/runtime'
import { projectRoot } from '../project-root.ts'
import { nextBin } from './build-web.ts'
import { openProcessLog, type ProcessLog } from './agent-log.ts'
import type { DemoNodeWithKey } from './node-keys.ts'
import type { Ports } from './ports.ts'
import { StartError } from './start-error.ts'
import type { Startable } from './supervised.ts'

export interface ProcessContext {
  readonly dataDir: string
  readonly ports: Ports
  /** Environment shared by all; each process reads its own part. */
  readonly env: Readonly<Record<string, string>>
  /** GGUF that the CPU nodes serve; undefined for the demo model. */
  readonly model: string | undefined
  /** Where each node gives out its copies of epoch files, by its name. */
  readonly mirrorPorts: ReadonlyMap<string, number>
}

const nodeFlags = ['--disable-warning=ExperimentalWarning', '--enable-source-maps']

/** A machine that is busy with other things starts slowly; one that does not start says so by ending. */
const READY_MS_MAX = 120_000

const logOf = (ctx: ProcessContext, name: string) => join(ctx.dataDir, 'logs', `${name}.log`)

/** True when a GET is answered below the given status in time. */
export async function answersHttp(url: string, statusBelow = 300, limitMs = 2_000): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(limitMs), redirect: 'manual' })
    await response.body?.cancel()
    return response.status < statusBelow
  } catch {
    return false
  }
}

export function startGateway(ctx: ProcessContext): Promise<RunningProcess> {
  return spawnService({
    name: 'The gateway',
    command: process.execPath,
    args: [...nodeFlags, ...gatewayNodeFlags, join(projectRoot, 'apps/gateway/src/main.ts')],
    cwd: projectRoot,
    logFile: logOf(ctx, 'gateway'),
    env: childEnv({
      ...ctx.env,
      ...mallocEnv({ hugePages: true }),
      DATA_DIR: join(ctx.dataDir, 'gateway'),
      // Where the agents' models are: the demo model's tokenizer comes with it.
      RECOUNT_TOKENIZERS_DIR: join(ctx.dataDir, 'models', 'tokenizers'),
    }),
    isReady: () => answersHttp(`http://127.0.0.1:${ctx.ports.gateway}/healthz`),
    readyLimitMs: READY_MS_MAX,
  })
}

export const mirrorUrlsOf = ({ mirrorPorts }: Pick<ProcessContext, 'mirrorPorts'>): string[] =>
  [...mirrorPorts.values()].map((port) => `http://127.0.0.1:${port}`)

export async function startWorker(ctx: ProcessContext): Promise<RunningProcess> {
  const running = spawnProcess({
    name: 'The worker',
    command: process.execPath,
    args: [...nodeFlags, join(projectRoot, 'apps/worker/src/main.ts')],
    cwd: projectRoot,
    logFile: logOf(ctx, 'worker'),
    env: childEnv({
      ...ctx.env,
      ...mallocEnv({ hugePages: true }),
      DATA_DIR: join(ctx.dataDir, 'worker'),
      EPOCH_MIRROR_URLS: mirrorUrlsOf(ctx).join(','),
    }),
  })
  return aliveFor(running, 1_500, 'The worker', logOf(ctx, 'worker'))
}

/** On both sides of an ocean: no word about a place is that of one witness alone. */
export const witnesses = [
  { port: 'witness', name: 'Amsterdam', latitude: '52.4', longitude: '4.9' },
  { port: 'witness2', name: 'Ashburn', latitude: '39.0', longitude: '-77.5' },
] as const

/** Its place is made up, like those of the demo nodes, and it says so. It keeps nothing: its key comes from its token and name. */
export async function startWitness(ctx: ProcessContext, place: (typeof witnesses)[number]): Promise<RunningProcess> {
  const { port, name, latitude, longitude } = place
  const running = spawnProcess({
    name: `The witness ${name}`,
    command: process.execPath,
    args: [...nodeFlags, join(projectRoot, 'apps/witness/src/main.ts')],
    cwd: projectRoot,
    logFile: logOf(ctx, port),
    env: childEnv({
      ...ctx.env,
      WITNESS_PORT: String(ctx.ports[port]),
      WITNESS_KEY: bytes32Of(`witness key ${ctx.env.WITNESS_TOKEN} ${name}`),
      WITNESS_NAME: name,
      WITNESS_LATITUDE: latitude,
      WITNESS_LONGITUDE: longitude,
      WITNESS_SIMULATED: 'true',
    }),
  })
  return aliveFor(running, 300, `The witness ${name}`, logOf(ctx, port))
}

export type StartedAgent = RunningProcess & Startable & { readonly log: ProcessLog }

/** Starts a node's agent. `untilUp` decides when it counts as up; by default it does when it lives for a moment. */
export async function startAgent(
  ctx: ProcessContext,
  node: DemoNodeWithKey,
  untilUp?: (agent: StartedAgent) => Promise<void>,
): Promise<StartedAgent> {
  const args = ['run', '--data-dir', node.dir, '--gateway', String(ctx.env.GATEWAY_URLS), '--engine', node.engine]
  args.push('--models-dir', join(ctx.dataDir, 'models'), '--capacity', String(node.capacity))
  if (node.gpu) args.push('--gpu', node.gpu, '--gpu-count', String(node.gpuCount))
  if (node.engine === 'llama' && ctx.model) args.push('--model', ctx.model)
  args.push('--simulated-rtt-ms', String(node.simulatedRttMs), '--simulated-jitter-ms', String(node.simulatedJitterMs))
  args.push('--simulated-seed', String(node.seed), '--simulated-place', node.simulatedPlace)
  const mirrorPort = ctx.mirrorPorts.get(node.name)
  if (mirrorPort !== undefined) args.push('--serve-epochs', `127.0.0.1:${mirrorPort}`)
  const name = `agent-${node.name}`
  const log = openProcessLog(logOf(ctx, name))
  const running = spawnProcess({
    name,
    command: process.execPath,
    args: [...nodeFlags, ...agentNodeFlags, join(projectRoot, 'apps/agent/src/main.ts'), ...args],
    cwd: projectRoot,
    logFile: logOf(ctx, name),
    env: childEnv({ ...ctx.env, ...mallocEnv({ hugePages: false }), DATA_DIR: node.dir }),
  })
  const agent = { ...running, log, lastError: () => log.lastError() }
  if (!untilUp) {
    await aliveFor(running, 300, `The agent ${node.name}`, log.file)
    return agent
  }
  try {
    await untilUp(agent)
    return agent
  } catch (error) {
    await running.stop(1_000)
    throw error
  }
}

export function startWeb(ctx: ProcessContext): Promise<RunningProcess> {
  const webDir = join(projectRoot, 'apps/web')
  return spawnService({
    name: 'The web app',
    command: process.execPath,
    args: [nextBin(), 'start', '--hostname', '127.0.0.1', '--port', String(ctx.ports.web)],
    cwd: webDir,
    logFile: logOf(ctx, 'web'),
    env: childEnv({
      ...ctx.env,
      DATA_DIR: join(ctx.dataDir, 'web'),
      NODE_ENV: 'production',
      NEXT_TELEMETRY_DISABLED: '1',
    }),
    // Its first page is its slowest, and asks the database: on a busy machine that takes longer than any later one.
    isReady: () => answersHttp(`http://127.0.0.1:${ctx.ports.web}/`, 500, 15_000),
    readyLimitMs: READY_MS_MAX,
  })
}

/** A process without a port of its own counts as up when it has not ended by then. */
async function aliveFor(running: RunningProcess, ms: number, name: string, log: string): Promise<RunningProcess> {
  const first = await Promise.race([running.exited, sleep(ms)])
  if (first === undefined) return running
  const lines = readFileSync(log, 'utf8').trimEnd().split('\n').slice(-3).join(' | ')
  throw new StartError(`${name} ended with ${describeExit(first)} at its start: ${lines} (log: ${log})`)
}
