/**
 * A chain of its own for an integration test: anvil on a free port, mining when transactions wait, ended with the test.
 */
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'

import { createTestClient, http, publicActions } from 'viem'
import { foundry } from 'viem/chains'

/** The first keys of anvil's well-known development mnemonic; each owns 10,000 coins. */
export const testKeys = [
  '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80',
  '0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d',
  '0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a',
  '0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6',
] as const

export type TestChain = Awaited<ReturnType<typeof startTestChain>>

export async function startTestChain() {
  const child = spawn(anvilBinary(), ['--port', '0', '--no-mining', '--hardfork', 'cancun'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const port = await new Promise<string>((resolve, reject) => {
    let text = ''
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      const match = /Listening on 127\.0\.0\.1:(\d+)/.exec(text)
      if (match?.[1] !== undefined) resolve(match[1])
    })
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`anvil ended with ${code}: ${text.slice(-500)}`)))
  })
  const rpcUrl = `http://127.0.0.1:${port}`
  const client = createTestClient({ chain: foundry, mode: 'anvil', transport: http(rpcUrl) }).extend(publicActions)

  const stopping = new AbortController()
  const state = { isMining: true }
  const mining = (async () => {
    while (!stopping.signal.aborted) {
      const { pending } = await client.getTxpoolStatus()
      if (state.isMining && pending > 0) await client.mine({ blocks: 1 })
      await sleep(10)
    }
  })()

  return {
    rpcUrl,
    client,
    /** Lets transactions wait in the pool, or mines them again. */
    setMining(isMining: boolean): void {
      state.isMining = isMining
    },
    /** Moves chain time, as if nobody had sent anything for that long. */
    async passTime(seconds: number): Promise<void> {
      await client.increaseTime({ seconds })
      await client.mine({ blocks: 1 })
    },
    async stop(): Promise<void> {
      stopping.abort()
      await mining
      child.kill('SIGTERM')
      if (child.exitCode === null) await new Promise((resolve) => child.once('exit', resolve))
    },
  }
}

function anvilBinary(): string {
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch
  const launcher = createRequire(createRequire(import.meta.url).resolve('@foundry-rs/anvil/package.json'))
  return launcher.resolve(`@foundry-rs/anvil-${process.platform}-${architecture}/bin/anvil`)
}
