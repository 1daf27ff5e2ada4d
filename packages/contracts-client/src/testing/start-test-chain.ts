/**
 * A chain of its own for an integration test: anvil on a free port, ended with the test. By default it mines when
 * transactions wait; with `blockTimeS` it mines by the clock, as chains at large do.
 */
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'

import { createTestClient, http, publicActions } from 'viem'
import { foundry } from 'viem/chains'

import { developmentProfile, type ChainProfile } from '../transactions/chain-profile.ts'

/** The first keys of anvil's well-known development mnemonic; each owns 10,000 coins. */
export const testKeys = [
  '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80',
  '0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d',
  '0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a',
  '0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6',
  '0x47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a',
  '0x8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba',
  '0x92db14e403b83dfe3df233f83dfa3a0d7096f21ca9b0d6d6b8d88b2b4ec1564e',
  '0x4bbbf85ce3377467afe5d46f804f221813b2bb87f24d81f60f1fcdbf7cbf4356',
  '0xdbda1821b80551c9d65939329250298aa3472ba22feea921c0cf5d620ea67b97',
  '0x2a871d0798f97d79848a013d4936a73bf4cc922c825d33c1cf7073dff6d409c6',
] as const

/** How often to look for waiting transactions though none was heard of: after a reorganisation the pool has some again. */
const LOOK_MS = 250

export interface TestChainOptions {
  chainId?: number
  /** Seconds between blocks; without it a block is mined when transactions wait. */
  blockTimeS?: number
  hardfork?: string
  /** How the chain is to be dealt with; that of a development chain with this id by default. */
  profile?: Partial<ChainProfile>
  /** More of anvil's own arguments. */
  args?: readonly string[]
}

export type TestChain = Awaited<ReturnType<typeof startTestChain>>

export async function startTestChain(options: TestChainOptions = {}) {
  const { chainId = foundry.id, blockTimeS, hardfork = 'cancun' } = options
  const mode = blockTimeS === undefined ? ['--no-mining'] : ['--block-time', String(blockTimeS)]
  const args = ['--port', '0', '--chain-id', String(chainId), '--hardfork', hardfork, ...mode]
  // Old states in memory alone: those on disk outlive a chain that is killed.
  args.push('--max-persisted-states', '0', ...(options.args ?? []))
  const child = spawn(anvilBinary(), args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const port = await new Promise<string>((resolve, reject) => {
    let text = ''
    child.stdout.on('data', (chunk: Buffer) => {
      text = (text + chunk.toString()).slice(-5_000)
      const match = /Listening on 127\.0\.0\.1:(\d+)/.exec(text)
      if (match?.[1] !== undefined) resolve(match[1])
    })
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`anvil ended with ${code}: ${text.slice(-500)}`)))
  })
  const rpcUrl = `http://127.0.0.1:${port}`
  const chain = { ...foundry, id: chainId }
  const client = createTestClient({ chain, mode: 'anvil', transport: http(rpcUrl) }).extend(publicActions)

  const stopping = new AbortController()
  const state = { isMining: true, hasHeard: false, wake: () => {} }
  const look = () => {
    state.hasHeard = true
    state.wake()
  }
  const socket = blockTimeS === undefined ? pendingTransactions(port, look) : undefined
  const mining = (async () => {
    while (blockTimeS === undefined && !stopping.signal.aborted) {
      state.hasHeard = false
      const { pending } = await client.getTxpoolStatus()
      if (state.isMining && pending > 0) await client.mine({ blocks: 1 })
      if (!state.hasHeard) await Promise.race([sleep(LOOK_MS), new Promise<void>((resolve) => (state.wake = resolve))])
    }
  })()

  return {
    rpcUrl,
    client,
    profile: { ...developmentProfile(chainId), ...options.profile } satisfies ChainProfile,
    /** Lets transactions wait in the pool, or mines them again. Only where blocks are mined on demand. */
    setMining(isMining: boolean): void {
      state.isMining = isMining
      look()
    },
    /** Moves chain time, as if nobody had sent anything for that long. */
    async passTime(seconds: number): Promise<void> {
      await client.increaseTime({ seconds })
      await client.mine({ blocks: 1 })
    },
    async stop(): Promise<void> {
      stopping.abort()
      look()
      await mining
      socket?.close()
      child.kill('SIGTERM')
      if (child.exitCode === null) await new Promise((resolve) => child.once('exit', resolve))
    },
  }
}

/** Says when a transaction arrives: asking all the time costs more than most tests. */
function pendingTransactions(port: string, onPending: () => void): WebSocket {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`)
  const params = ['newPendingTransactions']
  socket.addEventListener('open', () =>
    socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_subscribe', params })),
  )
  socket.addEventListener('message', onPending)
  return socket
}

function anvilBinary(): string {
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch
  const launcher = createRequire(createRequire(import.meta.url).resolve('@foundry-rs/anvil/package.json'))
  return launcher.resolve(`@foundry-rs/anvil-${process.platform}-${architecture}/bin/anvil`)
}
