/**
 * An RPC between the worker and the chain that loses answers: what was sent has arrived, but nobody says so. And the
 * chain reorganises right after it has included something. Each look at a receipt mines blocks, so that confirmations come
 * without waiting.
 */
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Prng } from '@isochrone/domain'

export interface FlakyRpc {
  url: string
  /** No further faults: the liveness phase. */
  end(): void
  /** How often an answer was lost, and how often blocks were removed under a transaction. */
  counts(): { lost: number; reorgs: number }
  stop(): Promise<void>
}

export const REORG_BLOCKS_MAX = 5
const ONE_IN = 8
const BLOCKS_A_LOOK = 6

export async function startFlakyRpc(chainRpcUrl: string, rng: Prng): Promise<FlakyRpc> {
  let hasEnded = false
  let lost = 0
  let reorgs = 0

  const forward = async (body: string) =>
    (await fetch(chainRpcUrl, { method: 'POST', headers: { 'content-type': 'application/json' }, body })).text()
  const ask = (method: string, params: unknown[] = []) =>
    forward(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }))

  const server = createServer((request, response) => {
    void (async () => {
      const body = await text(request)
      if (body.includes('"eth_getTransactionReceipt"')) await ask('anvil_mine', [BLOCKS_A_LOOK])
      const answer = await forward(body)
      if (body.includes('"eth_sendRawTransaction"') && !hasEnded) {
        const fate = rng.below(ONE_IN)
        if (fate === 0) {
          reorgs += 1
          await ask('anvil_mine', [3])
          await ask('anvil_reorg', [1 + rng.below(REORG_BLOCKS_MAX), []])
        }
        if (fate === 1) {
          lost += 1
          response.destroy()
          return
        }
      }
      response.writeHead(200, { 'content-type': 'application/json' }).end(answer)
    })().catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    end: () => (hasEnded = true),
    counts: () => ({ lost, reorgs }),
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
