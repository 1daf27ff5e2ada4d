/** Blocks by the clock on a chain that mines only when it is asked to, whether anybody sent something or not. */
import { jsonRpc } from './json-rpc.ts'

/** A block every `ms`, one at a time. Once the function that it returns has resolved, none comes any more. */
export function mineEvery(rpcUrl: string, ms: number): () => Promise<void> {
  let mining: Promise<unknown> | null = null
  const timer = setInterval(() => {
    mining ??= jsonRpc(rpcUrl, 'evm_mine', [])
      .catch(() => {
        // It is asked again.
      })
      .finally(() => (mining = null))
  }, ms)
  return async () => {
    clearInterval(timer)
    await mining
  }
}
