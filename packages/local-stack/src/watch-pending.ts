/**
 * Tells when a transaction arrives in the pool of a local chain, so that nobody has to ask all the time.
 *
 * Only a hint: one that came while the connection was lost is not told. Whoever must not miss any looks now and then as well.
 */

const AGAIN_MS = 500
const subscribe = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_subscribe', params: ['newPendingTransactions'] })

/** Calls `onPending` for each, and once a connection stands. A lost connection is made again until the returned function is called. */
export function watchPending(url: string, onPending: () => void): () => void {
  let socket: WebSocket | undefined
  let again: NodeJS.Timeout | undefined
  let hasEnded = false

  function connect(): void {
    const opened = new WebSocket(url.replace(/^http/, 'ws'))
    socket = opened
    opened.addEventListener('open', () => opened.send(subscribe))
    // The first message says that the subscription stands: what arrived before it was not told.
    opened.addEventListener('message', onPending)
    opened.addEventListener('close', () => {
      if (!hasEnded) again = setTimeout(connect, AGAIN_MS)
    })
  }

  connect()
  return () => {
    hasEnded = true
    clearTimeout(again)
    socket?.close()
  }
}
