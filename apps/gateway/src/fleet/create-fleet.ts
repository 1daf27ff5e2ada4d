/**
 * The replicas that are linked to this gateway: one pool for each model, kept in step by events (a link comes or goes, a
 * heartbeat, a change of the control state, an attempt's progress) and never built anew for a request.
 *
 * A node is in the pools of its models while it is linked and admitted. What an attempt teaches outlives a broken link:
 * the next link of the node starts from what was learned.
 */
import type { Clock } from '@isochrone/domain'
import type { NodeState, ServedModel } from '@isochrone/protocol'
import {
  createLoadAsks,
  createReplicaPool,
  gatewayTuning,
  PromptTokens,
  replicaStateOf,
  type AttemptOutcome,
  type AttemptWork,
  type EngineEstimate,
  type HedgeBudget,
  type LoadAsks,
  type ReplicaPool,
  type ReplicaState,
} from '@isochrone/scheduler'
import type { ControlView } from '../control/control-state.ts'
import type { NodeSession, Sessions } from '../ports.ts'
import { replicaOfferOf } from './replica-offer.ts'
import { createMoveBudget, createStreamLooks, type RunningStream, type StreamLooks } from './stream-looks.ts'

/** One replica as it is linked now. */
export interface LinkedReplica {
  readonly model: string
  readonly session: NodeSession
  readonly served: ServedModel
  readonly node: NodeState
}

/** One attempt on a replica, from its placement to its end. Calls after `closed`, or after the link went, change nothing. */
export interface AttemptTicket {
  readonly replica: LinkedReplica
  /** Streams on the replica as placement saw it, this one not included. */
  readonly streamsBefore: number
  /** What its node is told of its prompt. */
  readonly promptTokens: number
  /** The stream counts at the node now. */
  readonly sent: () => void
  /** Its prompt waits for prefill no more. What is written into the stream is seen by the next look. */
  readonly firstToken: () => RunningStream
  /** The node declined it. False: it has declined more than it may, and so has refused. */
  mayDecline(): boolean
  closed(outcome: AttemptOutcome): void
}

export interface Fleet {
  /** Undefined where no node has served the model since this gateway started. */
  pool(model: string): ReplicaPool | undefined
  at(model: string, slot: number): LinkedReplica | undefined
  byNode(model: string, nodeId: string): LinkedReplica | undefined
  open(replica: LinkedReplica, work: AttemptWork, prefixHashes: readonly number[]): AttemptTicket | undefined
  /** Nodes that serve the model here now, one for each list of prices. */
  priceLists(model: string): NodeState[]
  /** What is known of the node through its busiest model; null before its first attempt here. */
  stateOf(nodeId: string): ReplicaState | null
  /** Called when a replica of the model may have a place that it had not: one was freed, linked or has reported. */
  readonly onRoom: (listener: (model: string) => void) => void
  /** A decision named these: they are asked how they are, each at most every `LOAD_ASK_MS`, for the decisions after it. */
  named(model: string, slots: Iterable<number>): void
  /** Looks at all running streams; to be called every `LOOK_MS`. */
  look(): void
  /** Streams that may move, as a share of requests. */
  readonly moves: HedgeBudget
}

interface Entry extends LinkedReplica {
  node: NodeState
  slot: number
  prior: EngineEstimate | undefined
  alive: boolean
  /** Streams and prompt tokens of this gateway that the node knows of. */
  ownStreams: number
  ownPrefillTokens: number
  attempts: number
  /** Attempts that it may decline before it has refused. */
  declines: number
  /** Of its last report; a node that drains has no room at all. */
  reportedStreams: number
  reportedPrefillTokens: number
  /** Its streams that have had their first token. */
  streams: Set<RunningStream>
}

interface ModelPool {
  pool: ReplicaPool
  looks: StreamLooks
  asks: LoadAsks
  prompts: PromptTokens
  byNode: Map<string, Entry>
  bySlot: (Entry | undefined)[]
}

/**
 * What a node declines nobody can check, for what waits there is other gateways' and its own word. So it may decline one attempt
 * for each that it serves, and some at once: one that picks more than that has refused, and its learned cap falls. On real
 * links 2 to 4 % of attempts were declined.
 */
const DECLINES_BURST = 8

/** Replicas of which it is remembered what they can do while they are not linked. */
const PRIORS_MAX = 10_000

export function createFleet({
  sessions,
  control,
  clock,
}: {
  sessions: Sessions
  control: ControlView
  clock: Clock
}): Fleet {
  const models = new Map<string, ModelPool>()
  /** Node → its entries, one for each model. */
  const entries = new Map<string, Entry[]>()
  const priors = new Map<string, EngineEstimate>()
  const moves = createMoveBudget()
  const listeners: ((model: string) => void)[] = []
  const room = (model: string): void => {
    for (const listener of listeners) listener(model)
  }

  function poolOf(model: string): ModelPool {
    let entry = models.get(model)
    if (!entry) {
      const pool = createReplicaPool({ tuning: gatewayTuning })
      entry = {
        pool,
        looks: createStreamLooks({ clock, moves }),
        asks: createLoadAsks(),
        prompts: new PromptTokens(),
        byNode: new Map(),
        bySlot: [],
      }
      models.set(model, entry)
    }
    return entry
  }

  function add(session: NodeSession, node: NodeState, served: ServedModel): Entry {
    const { pool, byNode, bySlot } = poolOf(served.model)
    const prior = priors.get(`${session.nodeId} ${served.model}`)
    const slot = pool.upsert(replicaOfferOf(session, node, served, prior))
    const entry: Entry = {
      model: served.model,
      session,
      served,
      node,
      slot,
      prior,
      alive: true,
      ownStreams: 0,
      ownPrefillTokens: 0,
      attempts: 0,
      declines: DECLINES_BURST,
      reportedStreams: Infinity,
      reportedPrefillTokens: Infinity,
      streams: new Set(),
    }
    byNode.set(session.nodeId, entry)
    bySlot[slot] = entry
    return entry
  }

  function drop(entry: Entry): void {
    const { pool, byNode, bySlot } = poolOf(entry.model)
    const { nodeId } = entry.session
    entry.alive = false
    if (entry.attempts > 0) remember(`${nodeId} ${entry.model}`, replicaStateOf(pool, entry.slot).estimate)
    pool.remove(nodeId)
    byNode.delete(nodeId)
    bySlot[entry.slot] = undefined
  }

  function remember(key: string, estimate: EngineEstimate): void {
    priors.delete(key)
    priors.set(key, estimate)
    for (const oldest of priors.keys()) {
      if (priors.size <= PRIORS_MAX) break
      priors.delete(oldest)
    }
  }

  /** Brings the node's entries in step with its link and the control state. */
  function sync(nodeId: string): void {
    const session = sessions.byNode(nodeId)
    const node = control.node(nodeId)
    const before = entries.get(nodeId) ?? []
    if (!session || !node?.active) {
      for (const entry of before) drop(entry)
      entries.delete(nodeId)
      return
    }
    if (before[0]?.session === session) {
      const turned = before[0].node.barred !== node.barred
      for (const entry of before) {
        entry.node = node
        poolOf(entry.model).pool.upsert(replicaOfferOf(session, node, entry.served, entry.prior))
      }
      if (turned && session.reported) report(session)
      else if (turned) bar(before)
    } else {
      for (const entry of before) drop(entry)
      const firstOfModel = session.models.filter(
        ({ model }, index) => session.models.findIndex((other) => other.model === model) === index,
      )
      entries.set(
        nodeId,
        firstOfModel.map((served) => add(session, node, served)),
      )
      if (session.reported) report(session)
      else bar(entries.get(nodeId) ?? [])
    }
    for (const { model } of entries.get(nodeId) ?? []) room(model)
  }

  /** Before the node has reported: one whose checks have failed takes nothing new from its first moment on. */
  function bar(served: readonly Entry[]): void {
    const draining = { atMs: clock.nowMs(), activeStreams: 0, queuedStreams: 0, ownStreams: 0, draining: true }
    for (const entry of served) if (entry.node.barred) poolOf(entry.model).pool.report(entry.slot, draining)
  }

  function report(session: NodeSession): void {
    const { reported } = session
    if (!reported) return
    const served = entries.get(session.nodeId) ?? []
    for (const entry of served) {
      if (entry.session !== session) continue
      const { pool } = poolOf(entry.model)
      pool.report(entry.slot, {
        atMs: reported.atMs,
        activeStreams: reported.activeStreams,
        queuedStreams: reported.queuedStreams,
        // What was on its way when the node counted is among ours and not among its own, unless it says how many it had.
        ownStreams: (served.length === 1 ? reported.ownStreams : undefined) ?? entry.ownStreams,
        draining: reported.draining || entry.node.barred === true,
        prefillTokens: reported.prefillTokens,
        // No node has more of ours than was sent and has no first token yet: what it says beyond that waits for others.
        ownPrefillTokens: Math.min(
          (served.length === 1 ? reported.ownPrefillTokens : undefined) ?? Infinity,
          entry.ownPrefillTokens,
        ),
        contextTokens: reported.contextTokens,
        // Of a node with several models nobody knows which of them its tokens are of.
        pace: served.length === 1 ? reported.pace : undefined,
      })
      pool.setRtt(entry.slot, session.rttMs)
      // Asked often: only what leaves more room than before is news to those that wait.
      const streams = reported.draining ? Infinity : reported.activeStreams + reported.queuedStreams
      const prefillTokens = reported.draining ? Infinity : (reported.prefillTokens ?? 0)
      if (streams < entry.reportedStreams || prefillTokens < entry.reportedPrefillTokens) room(entry.model)
      entry.reportedStreams = streams
      entry.reportedPrefillTokens = prefillTokens
    }
  }

  sessions.onChange(({ nodeId }) => sync(nodeId))
  sessions.onReport(report)
  control.onNodeChange((nodeId) => {
    if (nodeId !== null) return sync(nodeId)
    for (const linked of new Set([...entries.keys(), ...sessions.all().map((session) => session.nodeId)])) sync(linked)
  })
  for (const { nodeId } of sessions.all()) sync(nodeId)

  return {
    pool: (model) => models.get(model)?.pool,
    at: (model, slot) => models.get(model)?.bySlot[slot],
    byNode: (model, nodeId) => models.get(model)?.byNode.get(nodeId),
    open(replica, work, prefixHashes) {
      const entry = models.get(replica.model)?.byNode.get(replica.session.nodeId)
      if (!entry || entry.session !== replica.session) return undefined
      return ticketOf(entry, poolOf(entry.model), work, prefixHashes)
    },
    priceLists(model) {
      const byPrices = new Map<string, NodeState>()
      for (const { node } of models.get(model)?.byNode.values() ?? []) {
        byPrices.set(priceKeyOf(node), node)
      }
      return [...byPrices.values()]
    },
    stateOf(nodeId) {
      const busiest = entries.get(nodeId)?.toSorted((a, b) => b.attempts - a.attempts)[0]
      if (!busiest || busiest.attempts === 0) return null
      const { pool } = poolOf(busiest.model)
      return replicaStateOf(pool, busiest.slot)
    },
    onRoom: (listener) => void listeners.push(listener),
    named(model, slots) {
      const found = models.get(model)
      if (!found) return
      const nowMs = clock.nowMs()
      for (const slot of slots) if (found.asks.due(slot, nowMs)) found.bySlot[slot]?.session.askLoad?.()
    },
    look() {
      for (const { pool, looks, bySlot } of models.values()) {
        for (const entry of bySlot) {
          if (!entry || entry.streams.size === 0) continue
          looks.look(entry.slot, entry.streams, (recent) => pool.paced(entry.slot, recent))
        }
      }
    },
    moves,
  }

  function ticketOf(
    entry: Entry,
    { pool, looks, prompts }: ModelPool,
    work: AttemptWork,
    prefixHashes: readonly number[],
  ): AttemptTicket {
    const { activeStreams: streamsBefore, prefillTokens: tokensAhead } = replicaStateOf(pool, entry.slot)
    const told = Math.round(prompts.told(work.tokensIn, work.tokensCached))
    let phase: 'placed' | 'sent' | 'over' = 'placed'
    let prefills = true
    const stream: RunningStream = { delivered: 0, firstMs: 0, heldUp: 'no', move: null }
    entry.attempts++
    pool.opened(entry.slot, work)
    pool.prefix.note(entry.slot, prefixHashes)
    return {
      replica: entry,
      streamsBefore,
      promptTokens: told,
      sent() {
        if (phase !== 'placed') return
        phase = 'sent'
        entry.ownStreams++
        entry.ownPrefillTokens += told
      },
      firstToken() {
        if (!prefills || phase === 'over') return stream
        prefills = false
        if (phase === 'sent') entry.ownPrefillTokens -= told
        stream.firstMs = clock.nowMs()
        if (entry.alive) {
          entry.streams.add(stream)
          pool.firstToken(entry.slot, work)
        }
        return stream
      },
      mayDecline() {
        if (entry.declines < 1) return false
        entry.declines--
        return true
      },
      closed(outcome) {
        if (phase === 'over') return
        if (outcome.kind === 'finished') {
          entry.declines = Math.min(DECLINES_BURST, entry.declines + 1)
          prompts.learn(work.tokensCached, outcome.tokensCached)
        }
        if (phase === 'sent') {
          entry.ownStreams--
          if (prefills) entry.ownPrefillTokens -= told
        }
        phase = 'over'
        entry.streams.delete(stream)
        looks.forget(stream)
        // Old tables of a set hold on to what was in it (see `SlotMap`): not to the whole request.
        stream.move = null
        if (!entry.alive) return
        // The pool takes a missing time for a prompt that still waits.
        const engineTtftMs = outcome.engineTtftMs ?? (prefills ? null : 0)
        pool.closed(entry.slot, work, { ...outcome, engineTtftMs, tokensAhead }, clock.nowMs())
        room(entry.model)
      },
    }
  }
}

/** By identity: the control state has a new object for each change. */
const priceKeys = new WeakMap<NodeState, string>()

/** The same for nodes that cost the same. */
function priceKeyOf(node: NodeState): string {
  let key = priceKeys.get(node)
  if (key === undefined) priceKeys.set(node, (key = Object.values(node.prices).join(' ')))
  return key
}
