/**
 * Looks at the streams of the replicas several times a second: how fast each replica is now, and which of its streams
 * should go on elsewhere. The rules are the scheduler's, the same as in the simulator.
 *
 * What a slow customer holds up says nothing of the node, and neither does a look that came late because this process was
 * busy: both are left out. Bounded: a pass over the running streams, and few decisions a replica.
 */
import type { Clock } from '@isochrone/domain'
import {
  createHedgeBudget,
  createStreamWatch,
  moveRule,
  streamsToMove,
  type HedgeBudget,
  type RecentPace,
  type StreamProgress,
  type StreamWatch,
} from '@isochrone/scheduler'

/** How a stream could go on at another node, as its request knows. */
export interface StreamMove {
  readonly tpotSloMs: number
  /** Tokens that are likely to come after so many. */
  tokensLeft(delivered: number): number
  /** Prediction for the best other replica, null where none may or can go on with it. */
  elsewhere(delivered: number): { ttftMs: number; tpotMs: number } | null
  /** Takes the place that `elsewhere` found and lets the stream go there; false where that is gone. */
  go(): boolean
}

/** A stream from its first token on, written by whoever hands its tokens on. */
export interface RunningStream extends StreamProgress {
  delivered: number
  firstMs: number
  /** Whether its customer holds it up, or did since the last look. */
  heldUp: 'no' | 'now' | 'since_last_look'
  /** Null where it stays, whatever happens. */
  move: StreamMove | null
}

export interface StreamLooks {
  /** One look at a replica's streams; `paced` is told what they took of late. */
  look(slot: number, streams: Iterable<RunningStream>, paced: (pace: RecentPace) => void): void
  forget(stream: RunningStream): void
}

/** How often to look, ms: what the figures were measured with (`streamWatchMs` of the simulator's market). */
export const LOOK_MS = 250
/** A look that comes later than this after the one before has seen a busy gateway and no slow node. */
const LATE_LOOK_MS = 2 * LOOK_MS
/** Decisions for the streams of one replica at a look. */
const DECISIONS_MAX = 16

/** Of all models together: moves are a share of requests. */
export const createMoveBudget = (): HedgeBudget => createHedgeBudget({ share: moveRule.share, burst: moveRule.burst })

export function createStreamLooks({ clock, moves }: { clock: Clock; moves: HedgeBudget }): StreamLooks {
  const watch: StreamWatch<RunningStream> = createStreamWatch()
  const lookedMs: number[] = []

  return {
    look(slot, streams, paced) {
      const nowMs = clock.nowMs()
      const isLate = nowMs - (lookedMs[slot] ?? nowMs) > LATE_LOOK_MS
      lookedMs[slot] = nowMs
      const free: RunningStream[] = []
      for (const stream of streams) {
        if (stream.heldUp === 'no') free.push(stream)
        else watch.forget(stream)
        if (stream.heldUp === 'since_last_look') stream.heldUp = 'no'
      }
      const pace = watch.look(slot, free, (stream) => stream, nowMs)
      if (pace === null || isLate) return
      paced(pace)
      const { factor, roundShare } = moveRule
      const moving = streamsToMove<RunningStream & { move: StreamMove }>({
        streams: free.filter((stream): stream is RunningStream & { move: StreamMove } => stream.move !== null),
        recentTpotMs: pace.tpotMs,
        nowMs,
        factor,
        roundShare,
        budget: moves,
        tpotSloMsOf: ({ move }) => move.tpotSloMs,
        tokensLeftOf: ({ move, delivered }) => move.tokensLeft(delivered),
        elsewhere: ({ move, delivered }) => move.elsewhere(delivered),
        decisionsMax: DECISIONS_MAX,
      })
      for (const { move } of moving) move.go()
    },
    forget: (stream) => watch.forget(stream),
  }
}
