/**
 * A placement policy behind the queue that gateways have: a request is placed at once or waits its turn, and each place
 * that comes free goes to whoever the queue names.
 *
 * `fair` is the production queue with a virtual token counter for each tenant; `fifo` is the same queue with one tenant,
 * first come, first served. What fails over or goes on after a cut has had its turn and does not queue again.
 */
import { createFairExchange, createFairQueue, fairCostOf, type FairNews } from '@isochrone/scheduler'
import type { Choice, PolicyInstance, PolicyWorld, SimPolicy, SimRequest } from '../sim-types.ts'

export type QueueOrder = 'fair' | 'fifo'

/** News are told this often, and heard by the others that much later: a way through a store that they share, ms. */
const tellEveryMs = 250
const newsDelayMs = 100

interface Wire {
  sentMs: number
  news: FairNews
}

/** One policy object serves one run: its gateways hear of one another through it. */
export function queueAtGateway(policy: SimPolicy, order: QueueOrder): SimPolicy {
  const wires: Wire[] = []
  return {
    name: `${policy.name}-${order}`,
    source: `${policy.source}; virtual token counters: Sheng et al., OSDI 2024`,
    rule: `${policy.rule} Who waits is served ${order === 'fair' ? 'by least service so far' : 'in order of arrival'}.`,
    create: (world) => createInstance(world, policy, order, wires),
  }
}

const answerTokensAtFirst = 256
const answersRemembered = 1_000
/** More than any backlog that a scenario builds up: nobody is turned away. */
const waitersMax = 1_000_000
const nothingTried: readonly number[] = []
const untilWoken: Choice = { kind: 'wait', afterMs: Infinity }

function createInstance(world: PolicyWorld, policy: SimPolicy, order: QueueOrder, wires: Wire[]): PolicyInstance {
  const inner = policy.create(world)
  const queue = createFairQueue<SimRequest>({ waitersMax, perTenantMax: waitersMax })
  const exchange = createFairExchange({ queue, self: world.gateway.name })
  let tellMs = 0
  let heard = 0
  /** What was charged for those that have left the queue, by request. */
  const charged = new Map<number, number>()
  let granted: { index: number; choice: Choice } | null = null
  let answerTokens = answerTokensAtFirst
  let answers = 0

  function exchangeNews(nowMs: number): void {
    for (let wire = wires[heard]; wire && wire.sentMs + newsDelayMs <= nowMs; wire = wires[++heard]) {
      exchange.hear(wire.news, nowMs)
    }
    if (nowMs < tellMs) return
    tellMs = nowMs + tellEveryMs
    wires.push({ sentMs: nowMs, news: exchange.tell(nowMs) })
  }
  const accountOf = ({ tenant }: SimRequest) => (order === 'fair' ? String(tenant) : 'everybody')

  /** Gives the next one its place if there is one: one at a time, so that each sees the places taken before it. */
  function grantNext(nowMs: number): void {
    exchangeNews(nowMs)
    if (granted || queue.size === 0) return
    let choice: Choice | null = null
    let isFull = false
    const waiter = queue.pop(nowMs, (request) => {
      if (isFull) return false
      // Its SLO counts from here for placement: what it waited in the queue is lost for any replica.
      choice = inner.choose({ ...request, arriveMs: nowMs }, nowMs, nothingTried)
      isFull = choice.kind !== 'replica'
      return !isFull
    })
    if (!waiter || !choice) return
    granted = { index: waiter.item.index, choice }
    charged.set(waiter.item.index, waiter.cost)
    world.wake(waiter.item.index)
  }

  function takeGrant(index: number): Choice | null {
    if (granted?.index !== index) return null
    const { choice } = granted
    granted = null
    return choice
  }

  return {
    ...inner,
    choose(request, nowMs, tried) {
      const own = takeGrant(request.index)
      if (own) return own
      if (charged.has(request.index)) return inner.choose(request, nowMs, tried)
      const cost = fairCostOf(request.tokensIn, Math.round(answerTokens))
      const pushed = queue.push(accountOf(request), request, cost, Infinity)
      if (typeof pushed === 'string') return { kind: 'refuse', reason: pushed }
      grantNext(nowMs)
      return takeGrant(request.index) ?? untilWoken
    },
    onDispatch(replica, request, nowMs) {
      inner.onDispatch?.(replica, request, nowMs)
      grantNext(nowMs)
    },
    onEnd(replica, request, outcome, nowMs) {
      inner.onEnd?.(replica, request, outcome, nowMs)
      if (outcome.kind === 'finished') {
        answers = Math.min(answersRemembered, answers + 1)
        answerTokens += (outcome.tokensOut - answerTokens) / answers
        queue.charge(accountOf(request), request.tokensIn, outcome.tokensOut, charged.get(request.index))
        charged.delete(request.index)
      }
      grantNext(nowMs)
    },
    onReport(replica, report, nowMs) {
      inner.onReport?.(replica, report, nowMs)
      grantNext(nowMs)
    },
  }
}
