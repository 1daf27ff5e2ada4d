import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Choice, PolicyInstance, SimPolicy } from '../sim-types.ts'
import { baselines } from './baselines.ts'
import { failedOutcome, fakeOutcome, fakeReport, fakeRequest, fakeWorld, priced, refusedOutcome } from './fake-world.ts'

/** A random history of 300 events on a fleet; calls `check` with each choice and what was known then. */
function live(
  policy: SimPolicy,
  seed: number,
  count: number,
  check: (choice: Choice, down: Set<number>, tried: readonly number[]) => void,
): string {
  const world = fakeWorld(
    Array.from({ length: count }, (_, index) => priced(1 + (index % 5) / 4)),
    { seed, rttMs: Array.from({ length: count }, (_, index) => 5 + 13 * index) },
  )
  const instance = policy.create(world)
  const dice = fakeWorld([], { seed: seed + 1 }).rng
  const down = new Set<number>()
  const running: { replica: number; index: number }[] = []
  const log: string[] = []
  let nowMs = 0
  for (let index = 0; index < 300; index++) {
    nowMs += dice.below(200)
    const request = fakeRequest({ index, arriveMs: nowMs, prefixHashes: [1, 2, 3 + dice.below(4), 100 + index] })
    const tried = Array.from({ length: dice.below(3) }, () => dice.below(Math.max(1, count)))
    const choice = instance.choose(request, nowMs, tried)
    check(choice, down, tried)
    log.push(JSON.stringify(choice))
    if (choice.kind === 'replica') {
      instance.onDispatch?.(choice.replica, request, nowMs)
      running.push({ replica: choice.replica, index })
    }
    while (running.length > 20 + dice.below(10)) end(instance, running.shift(), dice.below(10), nowMs)
    for (const ask of world.asked.splice(0, dice.below(6)))
      ask.answer(
        dice.below(9) === 0 ? null : fakeReport({ atMs: nowMs, activeStreams: dice.below(40), prefillTokens: 500 }),
        nowMs,
      )
    const replica = dice.below(Math.max(1, count))
    if (count > 0 && dice.below(15) === 0) {
      if (!down.delete(replica)) down.add(replica)
      instance.onLink?.(replica, !down.has(replica), nowMs)
    } else if (count > 0)
      instance.onReport?.(replica, fakeReport({ atMs: nowMs, activeStreams: dice.below(40), queuedStreams: 0 }), nowMs)
  }
  return log.join('\n')
}

function end(
  instance: PolicyInstance,
  attempt: { replica: number; index: number } | undefined,
  die: number,
  nowMs: number,
): void {
  if (attempt === undefined) return
  const request = fakeRequest({ index: attempt.index })
  const outcome = die === 0 ? failedOutcome : die === 1 ? refusedOutcome : fakeOutcome()
  if (outcome.kind === 'finished') instance.onFirstToken?.(attempt.replica, request, 100, nowMs)
  instance.onEnd?.(attempt.replica, request, outcome, nowMs)
}

test('there are the nineteen baselines, each with a name, a rule and a source of its own', () => {
  expect(baselines.map((policy) => policy.name)).toEqual([
    'random',
    'round-robin',
    'nearest',
    'cheapest',
    'least-loaded',
    'power-of-two-choices',
    'inverse-square-price',
    'openrouter',
    'litellm-latency',
    'litellm-cost',
    'llmgateway',
    'livepeer',
    'prequal',
    'c3',
    'llm-d',
    'llm-d-default-scorers',
    'dynamo',
    'sglang-cache-aware',
    'skyserve',
  ])
  expect(new Set(baselines.map((policy) => policy.rule)).size).toBe(baselines.length)
  for (const policy of baselines) expect(policy.source.length).toBeGreaterThan(20)
})

test.for(baselines.map((policy) => [policy.name, policy] as const))(
  '%s never chooses a replica that is down or was tried, and waits for a positive time',
  ([, policy]) => {
    fc.assert(
      fc.property(fc.nat(1000), fc.integer({ min: 0, max: 9 }), (seed, count) => {
        const wrong: Choice[] = []
        live(policy, seed, count, (choice, down, tried) => {
          const isWrong =
            choice.kind === 'wait'
              ? !(choice.afterMs > 0)
              : choice.kind === 'replica' &&
                (!(choice.replica < count) || down.has(choice.replica) || tried.includes(choice.replica))
          if (isWrong) wrong.push(choice)
        })
        expect(wrong).toEqual([])
      }),
      { numRuns: 12 },
    )
  },
)

test.for(baselines.map((policy) => [policy.name, policy] as const))(
  '%s replays every choice from its seed',
  ([, policy]) => {
    const nothing = (): void => {}
    expect(live(policy, 7, 8, nothing)).toBe(live(policy, 7, 8, nothing))
  },
)

test.for(baselines.map((policy) => [policy.name, policy] as const))(
  '%s refuses when there is no fleet, and uses the only replica there is',
  ([, policy]) => {
    expect(policy.create(fakeWorld([])).choose(fakeRequest(), 0, []).kind).toBe('refuse')
    const only = policy.create(fakeWorld([{}]))
    expect(only.choose(fakeRequest(), 0, [])).toEqual({ kind: 'replica', replica: 0 })
    expect(only.choose(fakeRequest(), 0, [0]).kind).toBe('refuse')
    only.onLink?.(0, false, 10)
    expect(only.choose(fakeRequest(), 20, []).kind).toBe('refuse')
    only.onLink?.(0, true, 30)
    expect(only.choose(fakeRequest(), 40, [])).toEqual({ kind: 'replica', replica: 0 })
  },
)

/** LLMGateway keeps to a preferred provider and LiteLLM to what it measured: their rules do not share. */
const sharing = baselines.filter((policy) => policy.name !== 'llmgateway')

test.for(sharing.map((policy) => [policy.name, policy] as const))('%s starves none of equal replicas', ([, policy]) => {
  const world = fakeWorld(Array.from({ length: 6 }, () => ({})))
  const instance = policy.create(world)
  const counts = new Float64Array(6)
  for (let index = 0; index < 3000; index++) {
    const nowMs = index * 100
    const request = fakeRequest({ index, arriveMs: nowMs })
    const choice = instance.choose(request, nowMs, [])
    if (choice.kind !== 'replica') continue
    counts[choice.replica] = (counts[choice.replica] ?? 0) + 1
    instance.onDispatch?.(choice.replica, request, nowMs)
    instance.onFirstToken?.(choice.replica, request, 100, nowMs + 50)
    instance.onEnd?.(choice.replica, request, fakeOutcome(), nowMs + 50)
    for (const ask of world.asked.splice(0)) ask.answer(fakeReport({ atMs: nowMs }), nowMs + 60)
  }
  expect(Math.min(...counts)).toBeGreaterThan(3000 / 6 / 2)
})
