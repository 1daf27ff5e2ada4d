/** This page's connection: its reads are kept from the first script on. On the server there is none to lose. */
import { keepPageReads, type Connection } from './page-reads.ts'

export const pageConnection: Connection =
  typeof window === 'undefined' ? { isLost: () => false, subscribe: () => () => {} } : keepHere()

function keepHere(): Connection {
  let isLeaving = false
  addEventListener('pagehide', () => (isLeaving = true))
  // Back from the browser's cache of pages.
  addEventListener('pageshow', () => (isLeaving = false))
  const wait = (ms: number) =>
    new Promise<void>((resolve) => {
      const over = () => {
        clearTimeout(timer)
        removeEventListener('online', over)
        resolve()
      }
      const timer = setTimeout(over, ms)
      addEventListener('online', over)
    })
  return keepPageReads(window, { isLeaving: () => isLeaving, wait })
}
