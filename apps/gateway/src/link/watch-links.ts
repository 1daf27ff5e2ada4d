/** Looks at every link at each heartbeat: one that is silent, or whose node was switched off, is closed. */
import { HEARTBEAT_INTERVAL_MS, LINK_SILENCE_MS_MAX } from '@isochrone/protocol'
import type { LinkServerOptions } from './link-server-types.ts'
import type { LinkSession } from './link-session.ts'
import type { LinkSocket } from './link-socket.ts'

/** What counts of the time between two looks at the links: a process that was held up has not listened, and what a node said then comes later. */
const LISTENED_MS_MAX = 1.5 * HEARTBEAT_INTERVAL_MS
/** What a node is answering when it is switched off has so long to end. */
const FINISH_MS_MAX = 60_000

export interface Link {
  session: LinkSession
  socket: LinkSocket
  /** For how long nothing was heard of it, of the time that this process has listened, ms. */
  silentMs: number
  /** Since when its node is switched off; null while it is not. */
  offSinceMs: number | null
}

/** One look; call it each `HEARTBEAT_INTERVAL_MS`. */
export function watchLinks(links: ReadonlyMap<string, Link>, control: LinkServerOptions['control']): () => void {
  let lastTickMs = performance.now()
  return () => {
    const nowMs = performance.now()
    const listenedMs = Math.min(nowMs - lastTickMs, LISTENED_MS_MAX)
    for (const link of links.values()) {
      const { session, socket } = link
      const isOff = control.ready && control.node(session.nodeId)?.active !== true
      link.offSinceMs = isOff ? (link.offSinceMs ?? nowMs) : null
      link.silentMs = session.heardAtMs >= lastTickMs ? 0 : link.silentMs + listenedMs
      if (link.silentMs > LINK_SILENCE_MS_MAX) {
        socket.reject('silent', `Nothing was heard for ${LINK_SILENCE_MS_MAX} ms.`)
        session.lost()
      } else if (link.offSinceMs !== null && isOver(session, nowMs - link.offSinceMs)) {
        socket.reject('inactive_node', 'The node was switched off.')
      } else session.ping()
    }
    lastTickMs = nowMs
  }
}

/** Nothing new is placed on a node that is off; whoever waits for its answer has it. */
const isOver = ({ activeStreams }: LinkSession, offMs: number) => activeStreams === 0 || offMs >= FINISH_MS_MAX
