import { prng } from '@isochrone/domain'
import { expect, test } from 'vitest'
import { ReplicaEngine } from '../engine/replica-engine.ts'
import { declaredEngine, gpuClasses } from '../fleet/engine-time.ts'
import { loadMarket } from '../scenario/load-market.ts'
import type { SimRequest } from '../sim-types.ts'
import { boundProblem } from './bound-problem.ts'
import { engineWork, timeOf } from './engine-demand.ts'
import { stepWeights } from './step-weights.ts'
import { testReplica, testRequest } from './test-world.ts'
import { upTimeMs } from './up-time.ts'

const market = loadMarket()

interface Life extends SimRequest {
  endMs: number
  firstMs: number
}

interface Load {
  seed: number
  gpuClass: (typeof gpuClasses)[number]
  speed: number
  /** Means of prompts and answers, tokens; arrivals a second. */
  tokensIn: number
  tokensOut: number
  rps: number
  /** All prompts and answers of the mean's length, at equal distances. */
  even?: boolean
  /** No request comes later. */
  untilMs?: number
  slow: { fromMs: number; toMs: number; factor: number }
}

/** What one engine of the simulator makes of a load. */
function livesOf({
  seed,
  gpuClass,
  speed,
  tokensIn,
  tokensOut,
  rps,
  even = false,
  untilMs = 20_000,
  slow,
}: Load): Life[] {
  const rng = prng(seed)
  const chance = () => (even ? 1 : -Math.log(1 - rng.unit()))
  const draw = (mean: number) => 1 + Math.floor(chance() * mean)
  const requests: SimRequest[] = []
  for (let atMs = 0; atMs < untilMs; atMs += (chance() * 1_000) / rps) {
    requests.push(testRequest(requests.length, atMs, draw(tokensIn), draw(tokensOut)))
  }
  const first = new Map<number, number>()
  const ends = new Map<number, number>()
  const engine = new ReplicaEngine(
    {
      curve: declaredEngine(gpuClass),
      speed,
      concurrencyMax: 256,
      queueMax: 64,
      kvTokens: 1_500_000,
      prefillChunkTokens: 1_024,
      prefixBlockTokens: 512,
      gateways: 1,
    },
    {
      firstToken: (tag, nowMs) => first.set(tag, nowMs),
      finished: (tag, nowMs) => ends.set(tag, nowMs),
      failed: () => {},
      prefillStarted: () => {},
    },
  )
  const runUntil = (untilMs: number) => {
    while (engine.nextMs <= untilMs) engine.run(engine.nextMs)
  }
  const changes = [
    { atMs: slow.fromMs, speed: speed * slow.factor },
    { atMs: slow.toMs, speed },
  ]
  for (const request of requests) {
    while (changes[0] && changes[0].atMs <= request.arriveMs) {
      const [change] = changes.splice(0, 1)
      runUntil(change?.atMs ?? 0)
      engine.setSpeed(change?.speed ?? speed, change?.atMs ?? 0)
    }
    runUntil(request.arriveMs)
    engine.start({ ...request, tag: request.index, fails: false }, request.arriveMs)
  }
  runUntil(slow.toMs)
  engine.setSpeed(speed, slow.toMs)
  runUntil(Number.MAX_VALUE)
  return requests.flatMap((request) => {
    const [firstMs, endMs] = [first.get(request.index), ends.get(request.index)]
    return firstMs === undefined || endMs === undefined ? [] : [{ ...request, firstMs, endMs }]
  })
}

function keepsTpot({ tokensOut, firstMs, endMs }: Life): boolean {
  return tokensOut === 1 || (endMs - firstMs) / (tokensOut - 1) <= 50
}

const rng = prng(5)
const loads = Array.from({ length: 60 }, (_, seed): Load => {
  const gpuClass = gpuClasses[seed % gpuClasses.length] ?? 'H200'
  const speed = seed % 4 === 3 ? 1 + 0.4 * rng.unit() : 1
  const [tokensIn, tokensOut] = [10 ** (1.5 + 2.7 * rng.unit()), 10 ** (0.5 + 2 * rng.unit())]
  const { prefillMsPerToken, tpotPerStreamMs, tpotPerStreamTokenMs } = declaredEngine(gpuClass)
  const tokenMs = tpotPerStreamMs + tpotPerStreamTokenMs * (tokensIn + tokensOut)
  const rps = ((0.4 + 0.8 * rng.unit()) * 1_000) / (speed * (tokensIn * prefillMsPerToken + tokensOut * tokenMs))
  const fromMs = 3_000 + 9_000 * rng.unit()
  const slow = { fromMs, toMs: fromMs + (seed % 3 === 0 ? 4_000 : 0), factor: 1 + 2 * rng.unit() }
  return { seed, gpuClass, speed, tokensIn, tokensOut, rps, slow }
})
const never = { fromMs: 0, toMs: 0, factor: 1 }
const even = { seed: 0, speed: 1, even: true, slow: never }
/** Loads under which every stream is about as slow as its SLO allows. */
const full = gpuClasses.flatMap((gpuClass) =>
  [10, 200].map((tokensIn): Load => {
    const load = { ...even, gpuClass, tokensIn, tokensOut: 30, untilMs: 80_000 }
    let [low, high] = [1, 300]
    for (let step = 0; step < 12; step++) {
      const rps = (low + high) / 2
      if (livesOf({ ...load, rps }).every(keepsTpot)) low = rps
      else high = rps
    }
    return { ...load, rps: low }
  }),
)
/** One prompt after the other, each on an idle engine; and many at once, whose answers take long. */
const prompts: Load[] = [
  { ...even, gpuClass: 'H200', tokensIn: 5_000, tokensOut: 0.5, rps: 1_000 / 169 },
  { ...even, gpuClass: 'B200', tokensIn: 8_000, tokensOut: 300, rps: 8, untilMs: 900 },
]
const choices = [0, 0.5, 1, 1.5, 3].flatMap((tilt) => [0, 0.01, 0.3].map((idleShare) => ({ tilt, idleShare })))

/** The promise of the second bound, against the engine that it speaks of: whatever the load, the choice and the stretch. */
test('streams that keep their TPOT never take more of a stretch than it holds, and nearly all of some', () => {
  let fullest = 0
  for (const load of [...loads, ...full, ...prompts]) {
    const lives = livesOf(load)
    const engine = declaredEngine(load.gpuClass)
    const { gpuClass, speed, slow } = load
    const fleet = [testReplica(0, gpuClasses.indexOf(gpuClass), 1_000_000, speed)]
    const problem = boundProblem({ requests: lives, fleet, market })
    const { promptMs } = engineWork(problem, fleet, market).byReplica[0] ?? { promptMs: [] }
    const faults = { outages: [], slowWindows: [{ replica: 0, ...slow }] }
    for (const choice of choices) {
      const weights = stepWeights({ engine, speed, tpotSloMs: 50, prefillChunkTokens: 1_024 }, choice)
      const takes = timeOf(problem, gpuClass, speed, weights)
      for (const [fromMs, toMs] of [
        [0, Infinity],
        [0, 1_000],
        [2_000, 18_000],
        [5_000, 9_000],
        [8_000, 8_700],
      ] as const) {
        const untilMs = Math.min(toMs, Math.max(...lives.map(({ endMs }) => endMs)))
        let takenMs = 0
        for (const [i, life] of lives.entries()) {
          if (life.arriveMs < fromMs) continue
          if (life.endMs <= toMs) takenMs += keepsTpot(life) ? takes(i) : 0
          // Prompts that were prefilled in the stretch and whose streams go on after it.
          else if (life.firstMs <= toMs) takenMs += promptMs[i] ?? 0
        }
        const holdsMs = upTimeMs(faults, 0, fromMs, untilMs)
        expect(takenMs).toBeLessThanOrEqual(holdsMs * (1 + 1e-9))
        if (holdsMs > 0) fullest = Math.max(fullest, takenMs / holdsMs)
      }
    }
  }
  // Weights much too small would pass as well.
  expect(fullest).toBeGreaterThan(0.97)
})

test('prompts that are prefilled while nothing decodes take less than the weight of a chunk', () => {
  const engine = declaredEngine('H200')
  const slow = { fromMs: 0, toMs: 0, factor: 1 }
  const lives = livesOf({
    seed: 1,
    gpuClass: 'H200',
    speed: 1,
    tokensIn: 5_000,
    tokensOut: 1,
    rps: 2,
    even: true,
    slow,
  })
  const limits = { engine, speed: 1, tpotSloMs: 50, prefillChunkTokens: 1_024 }
  const { prompt } = stepWeights(limits, { tilt: 0, idleShare: 0 })
  const takenMs = lives.reduce((ms, { firstMs, arriveMs }) => ms + firstMs - arriveMs, 0)
  const workMs = lives.reduce((ms, { tokensIn }) => ms + prompt * tokensIn * engine.prefillMsPerToken, 0)
  expect(lives.length).toBeGreaterThan(30)
  // So to count all of them by it would be no bound.
  expect(workMs).toBeGreaterThan(takenMs)
})
