/**
 * `POST /api/chain`: the chain as a browser of somebody who is signed in reaches it, where a deployment names no public
 * endpoint. Our own endpoint may carry a key in its address, so it never leaves the server.
 *
 * Only what a wallet's page needs is relayed: reads, and transactions that are signed already. Bounded in body, batch,
 * answer and time.
 */
import { AppError, toAppError } from '@isochrone/domain'
import type { Viewer } from '@isochrone/services'
import { z } from 'zod'
import { jsonBody } from './json-body.ts'

const BODY_BYTES_MAX = 64 * 1024
const ANSWER_BYTES_MAX = 1024 * 1024
const BATCH_MAX = 20
const TIMEOUT_MS = 10_000

const methods = new Set([
  'eth_blockNumber',
  'eth_call',
  'eth_chainId',
  'eth_estimateGas',
  'eth_feeHistory',
  'eth_gasPrice',
  'eth_getBalance',
  'eth_getBlockByNumber',
  'eth_getCode',
  'eth_getTransactionByHash',
  'eth_getTransactionCount',
  'eth_getTransactionReceipt',
  'eth_maxPriorityFeePerGas',
  'eth_sendRawTransaction',
])

const call = z.object({
  jsonrpc: z.literal('2.0'),
  id: z.union([z.number(), z.string().max(100)]),
  method: z.string().refine((method) => methods.has(method), 'is not relayed here'),
  params: z.array(z.unknown()).max(8).optional(),
})
const body = z.union([call, z.array(call).min(1).max(BATCH_MAX)])

export interface ChainRelay {
  rpcUrl: string
  viewer: Viewer | null
  fetch?: typeof globalThis.fetch
}

/** The chain's answer as it is; ours, when it refuses, as `{ error: { code, message } }` with the table's status. */
export async function relayToChain(relay: ChainRelay, request: Request): Promise<Response> {
  const headers = { 'cache-control': 'no-store', 'content-type': 'application/json' }
  try {
    if (!relay.viewer) throw new AppError('unauthenticated', { publicMessage: 'Sign in to reach the chain from here.' })
    const parsed = body.safeParse(await jsonBody(request, BODY_BYTES_MAX))
    if (!parsed.success) {
      throw new AppError('invalid_input', {
        publicMessage: 'The call is malformed, or its method is not relayed here.',
      })
    }
    return new Response(await answerOf(relay, parsed.data), { headers })
  } catch (thrown) {
    const { code, httpStatus, publicMessage } = toAppError(thrown)
    return new Response(JSON.stringify({ error: { code, message: publicMessage } }), { status: httpStatus, headers })
  }
}

async function answerOf(
  { rpcUrl, fetch = globalThis.fetch }: ChainRelay,
  calls: z.infer<typeof body>,
): Promise<string> {
  try {
    const answer = await fetch(rpcUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(calls),
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    const text = await boundedText(answer)
    // What is no JSON comes from something before the chain, and may name its address.
    JSON.parse(text)
    return text
  } catch (cause) {
    throw new AppError('chain_unavailable', { publicMessage: 'The chain does not answer.', cause })
  }
}

async function boundedText(answer: Response): Promise<string> {
  let bytes = 0
  const chunks: Uint8Array[] = []
  for await (const chunk of answer.body ?? []) {
    bytes += chunk.length
    if (bytes > ANSWER_BYTES_MAX) throw new RangeError('the answer is too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
