/** The few JSON-RPC calls that running a local chain needs; everything on contracts goes through contracts-client. */

/**
 * Calls one method with a time limit.
 *
 * @throws Error when the node does not answer in time or answers with an error.
 */
export async function jsonRpc<T>(
  url: string,
  method: string,
  params: readonly unknown[] = [],
  limitMs = 30_000,
): Promise<T> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    signal: AbortSignal.timeout(limitMs),
  })
  const reply = (await response.json()) as { result?: T; error?: { message: string } }
  if (reply.error) throw new Error(`${method}: ${reply.error.message}`)
  return reply.result as T
}
