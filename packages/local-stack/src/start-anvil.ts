/**
 * The chain for this machine: the person's own (`chainRpcUrl`), else anvil with its state kept in a file.
 *
 * It listens on 127.0.0.1 only, mines when transactions wait (see `mine-loop.ts`), writes its state every few seconds
 * and when stopped, and is ended when its memory passes a bound, so that a runaway never takes the machine down.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, openSync, readFileSync, readSync, fstatSync, closeSync } from 'node:fs'
import { dirname } from 'node:path'
import { findAnvilBinary } from './anvil-binary.ts'
import { jsonRpc } from './json-rpc.ts'
import { LocalStackError } from './local-stack-error.ts'
import { startMineLoop } from './mine-loop.ts'
import { externalService, spawnService, type Service } from './spawn-service.ts'

export interface StartAnvilOptions {
  /** Where the state is kept; undefined for a chain that forgets. */
  readonly stateFile: string | undefined
  readonly logFile: string
  readonly port: number
  readonly chainId?: number
  /** A chain that is already there; then nothing is started. */
  readonly chainRpcUrl?: string | undefined
  /** Seconds between blocks; without it a block is mined when transactions wait. */
  readonly blockTimeS?: number
  /** Mines only when it is asked to, by the methods that anvil has for that: for tests that replay to the block. */
  readonly isStill?: boolean
  /** Gap between blocks that only move chain time after activity, in ms; 0 for none. */
  readonly tickMs?: number
  /** The chain is ended above this resident size. */
  readonly memoryMiBMax?: number
  /** Keep old states, so that calls at past blocks work after a restart; makes the file larger. */
  readonly keepHistory?: boolean
}

const memoryCheckMs = 5_000
/**
 * Otherwise anvil keeps the state of the last 3,600 blocks under `~/.foundry/anvil/tmp`, gigabytes that outlive it when
 * it is killed. Five hundred states stay in memory; nobody here asks for an older block than the last final one.
 */
const statesInMemoryAlone = ['--max-persisted-states', '0'] as const

/**
 * Starts the chain and resolves with its RPC URL.
 *
 * @throws LocalStackError in one line, also when the kept state is damaged.
 */
export async function startAnvil(options: StartAnvilOptions): Promise<Service> {
  const { stateFile, logFile, port, chainId = 31_337, chainRpcUrl, blockTimeS, memoryMiBMax = 2_048 } = options
  if (chainRpcUrl) {
    if (!(await answers(chainRpcUrl)))
      throw new LocalStackError('the chain of CHAIN_RPC_URL does not answer eth_chainId')
    return externalService(chainRpcUrl)
  }
  if (stateFile) {
    mkdirSync(dirname(stateFile), { recursive: true })
    assertWhole(stateFile)
  }
  const url = `http://127.0.0.1:${port}`
  const args = [
    '--host',
    '127.0.0.1',
    '--port',
    String(port),
    '--chain-id',
    String(chainId),
    '--hardfork',
    'cancun',
    '--quiet',
    ...statesInMemoryAlone,
  ]
  args.push(...(blockTimeS === undefined ? ['--no-mining'] : ['--block-time', String(blockTimeS)]))
  if (stateFile) args.push('--state', stateFile, '--state-interval', '5')
  if (stateFile && options.keepHistory) args.push('--preserve-historical-states')
  const running = await spawnService({
    name: 'The chain (anvil)',
    command: findAnvilBinary(),
    args,
    logFile,
    isReady: () => answers(url),
  })
  const loop =
    blockTimeS === undefined && !options.isStill
      ? { url, ...(options.tickMs !== undefined && { tickMs: options.tickMs }) }
      : undefined
  const stopMining = loop ? startMineLoop(loop) : async () => {}
  const guard = setInterval(() => {
    if (residentMiB(running.pid) > memoryMiBMax) void running.stop()
  }, memoryCheckMs)
  guard.unref()
  void running.exited.then(() => {
    clearInterval(guard)
    return stopMining()
  })
  return {
    url,
    pid: running.pid,
    exited: running.exited,
    stop: async () => {
      await stopMining()
      await running.stop()
    },
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    await jsonRpc(url, 'eth_chainId', [], 2_000)
    return true
  } catch {
    return false
  }
}

/** A state that was cut off while being written ends without its closing brace. */
function assertWhole(stateFile: string): void {
  if (!existsSync(stateFile)) return
  const file = openSync(stateFile, 'r')
  try {
    const { size } = fstatSync(file)
    const last = Buffer.alloc(1)
    if (size > 0) readSync(file, last, 0, 1, size - 1)
    if (last.toString() === '}') return
  } finally {
    closeSync(file)
  }
  throw new LocalStackError(
    `the kept chain state ${stateFile} is damaged (cut off while being written); start afresh with --reset`,
  )
}

/** Resident memory of a process in MiB; 0 when it cannot be told. */
export function residentMiB(pid: number): number {
  try {
    if (process.platform === 'linux') {
      const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1])
      return (pages * 4_096) / 1_048_576
    }
    return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) / 1_024
  } catch {
    return 0
  }
}
