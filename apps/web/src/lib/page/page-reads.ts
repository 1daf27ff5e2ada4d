/**
 * A page that loses its connection stays as it is, with all that was typed into it.
 *
 * Where Next cannot fetch what a page shows (a link, a refresh by itself), it lets the browser load the page anew, and without
 * a connection that is the browser's own page of errors. Reads are asked again here instead, until the server answers: a read
 * changes nothing. What changes something is not asked again: its form says that nobody answered.
 */

export interface Connection {
  /** Whether a read of the page waits for the connection now. */
  isLost: () => boolean
  /** Calls back at each change; returns how to stop that. */
  subscribe: (changed: () => void) => () => void
}

const FIRST_WAIT_MS = 500
const WAIT_MS_MAX = 5_000

/**
 * Wraps `fetch` of the page.
 *
 * @param wait resolves after so many milliseconds, or sooner when the browser says that it is online again
 */
export function keepPageReads(
  page: { fetch: typeof fetch },
  { isLeaving, wait }: { isLeaving: () => boolean; wait: (ms: number) => Promise<void> },
): Connection {
  const send = page.fetch.bind(page)
  const listeners = new Set<() => void>()
  let waiting = 0
  const change = (by: 1 | -1) => {
    const wasLost = waiting > 0
    waiting += by
    if (waiting > 0 !== wasLost) for (const changed of listeners) changed()
  }

  async function sendAgain(input: RequestInfo | URL, init: RequestInit | undefined): Promise<Response> {
    for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(2 * waitMs, WAIT_MS_MAX)) {
      await wait(waitMs)
      try {
        return await send(input, init)
      } catch (error) {
        if (isFinal(error, init) || isLeaving()) throw error
      }
    }
  }

  page.fetch = async (input, init) => {
    try {
      return await send(input, init)
    } catch (error) {
      if (!isPageRead(init) || isFinal(error, init) || isLeaving()) throw error
      change(1)
      return await sendAgain(input, init).finally(() => change(-1))
    }
  }
  return {
    isLost: () => waiting > 0,
    subscribe: (changed) => {
      listeners.add(changed)
      return () => listeners.delete(changed)
    },
  }
}

/** What Next's router asks for: a GET with its own header. */
function isPageRead(init: RequestInit | undefined): boolean {
  return (init?.method ?? 'GET') === 'GET' && new Headers(init?.headers).has('rsc')
}

/** Taken back by who asked, or no matter of the network. */
const isFinal = (error: unknown, init: RequestInit | undefined): boolean =>
  init?.signal?.aborted === true || !(error instanceof TypeError)
