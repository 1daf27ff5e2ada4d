import fc from 'fast-check'
import { expect, test } from 'vitest'
import { planSites, type SitePlan, type SiteProblem } from './plan-sites.ts'

/** Round trips that are often equal, so that ties are really met. */
const rtt = fc.oneof(
  { weight: 9, arbitrary: fc.integer({ min: 0, max: 20 }) },
  { weight: 1, arbitrary: fc.constant(null) },
)
type Instance = { demand: { id: string; weight: number }[]; sites: string[]; rtt: (number | null)[][] }

function instances(demandMax: number, sitesMax: number): fc.Arbitrary<Instance> {
  return fc
    .tuple(fc.integer({ min: 1, max: demandMax }), fc.integer({ min: 1, max: sitesMax }))
    .chain(([d, s]) =>
      fc.tuple(
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: d, maxLength: d }),
        fc.array(fc.array(rtt, { minLength: s, maxLength: s }), { minLength: d, maxLength: d }),
      ),
    )
    .map(([weights, rows]) => ({
      demand: weights.map((weight, i) => ({ id: `d${i}`, weight })),
      sites: rows[0]!.map((_, i) => `s${i}`),
      rtt: rows,
    }))
}

function problemOf(instance: Instance, changes: Partial<SiteProblem> = {}): SiteProblem {
  const { demand, sites } = instance
  return { demand, sites, rttMs: (d, s) => instance.rtt[d]![s]!, targetMs: 6, seed: 1, ...changes }
}

/** The same order as the planner's: covered share, then the mean with 10 s for demand without a site. */
function worth(instance: Instance, sites: readonly string[]): [covered: number, cost: number] {
  let covered = 0
  let cost = 0
  instance.demand.forEach(({ weight }, d) => {
    const nearest = Math.min(10_000, ...sites.map((id) => instance.rtt[d]![instance.sites.indexOf(id)] ?? Infinity))
    if (nearest <= 6) covered += weight
    cost += weight * nearest
  })
  return [covered, cost]
}

function isWorse(a: [number, number], b: [number, number]): boolean {
  return a[0] < b[0] || (a[0] === b[0] && a[1] > b[1])
}

function greedy(instance: Instance, count: number): string[] {
  const chosen: string[] = []
  while (chosen.length < count) {
    let best: string | undefined
    for (const id of instance.sites.filter((site) => !chosen.includes(site))) {
      if (isWorse(worth(instance, best === undefined ? chosen : [...chosen, best]), worth(instance, [...chosen, id])))
        best = id
    }
    if (best === undefined) break
    chosen.push(best)
  }
  return chosen
}

function* subsets(sites: readonly string[], count: number, from = 0): Generator<string[]> {
  if (count === 0) yield []
  else
    for (let i = from; i < sites.length; i++)
      for (const rest of subsets(sites, count - 1, i + 1)) yield [sites[i]!, ...rest]
}

const only = (plans: SitePlan[]): SitePlan => plans[0]!

test('one more site never serves fewer, nor as many from farther away', () => {
  fc.assert(
    fc.property(instances(12, 8), (instance) => {
      const counts = instance.sites.map((_, i) => i + 1)
      const worths = planSites(problemOf(instance), counts).map(({ siteIds }) => worth(instance, siteIds))
      for (let i = 1; i < worths.length; i++) expect(isWorse(worths[i]!, worths[i - 1]!)).toBe(false)
    }),
  )
})

test('a plan is never worse than plain greedy', () => {
  fc.assert(
    fc.property(instances(15, 10), fc.integer({ min: 1, max: 6 }), (instance, count) => {
      const { siteIds } = only(planSites(problemOf(instance), [count]))
      expect(isWorse(worth(instance, siteIds), worth(instance, greedy(instance, count)))).toBe(false)
    }),
  )
})

test('small instances are solved exactly in at least 99 of 100, and never below greedy’s guarantee', () => {
  let exact = 0
  let all = 0
  fc.assert(
    fc.property(instances(12, 9), fc.integer({ min: 1, max: 4 }), (instance, wanted) => {
      const count = Math.min(wanted, instance.sites.length)
      const mine = worth(instance, only(planSites(problemOf(instance), [count])).siteIds)
      let optimum: [number, number] = worth(instance, [])
      for (const set of subsets(instance.sites, count)) {
        const value = worth(instance, set)
        if (isWorse(optimum, value)) optimum = value
      }
      expect(mine[0]).toBeGreaterThanOrEqual((1 - 1 / Math.E) * optimum[0])
      all += 1
      if (!isWorse(mine, optimum)) exact += 1
    }),
    { numRuns: 300, seed: 3 },
  )
  expect(exact / all).toBeGreaterThanOrEqual(0.99)
})

test('the order in which cities and sites are listed changes nothing', () => {
  const shuffled = instances(10, 8).chain((instance) =>
    fc.tuple(
      fc.constant(instance),
      fc.shuffledSubarray([...instance.demand.keys()], { minLength: instance.demand.length }),
      fc.shuffledSubarray([...instance.sites.keys()], { minLength: instance.sites.length }),
    ),
  )
  fc.assert(
    fc.property(shuffled, fc.integer({ min: 1, max: 5 }), fc.nat(), ([instance, rows, columns], count, seed) => {
      const reordered: Instance = {
        demand: rows.map((row) => instance.demand[row]!),
        sites: columns.map((column) => instance.sites[column]!),
        rtt: rows.map((row) => columns.map((column) => instance.rtt[row]![column]!)),
      }
      expect(planSites(problemOf(reordered, { seed }), [count])).toEqual(
        planSites(problemOf(instance, { seed }), [count]),
      )
    }),
  )
})

test('a seed gives the same plan again', () => {
  fc.assert(
    fc.property(instances(12, 8), fc.nat(), (instance, seed) => {
      expect(planSites(problemOf(instance, { seed }), [1, 3])).toEqual(planSites(problemOf(instance, { seed }), [1, 3]))
    }),
  )
})

test('equal sites win equally often', () => {
  const wins = new Map<string, number>()
  const sites = ['s0', 's1', 's2', 's3']
  for (let seed = 0; seed < 2_000; seed++) {
    const problem = { demand: [{ id: 'd', weight: 1 }], sites, rttMs: () => 5, targetMs: 6, seed }
    const [site] = only(planSites(problem, [1])).siteIds
    wins.set(site!, (wins.get(site!) ?? 0) + 1)
  }
  for (const site of sites) expect(wins.get(site)).toBeGreaterThan(400)
})

test('fixed sites stay, excluded ones never come, and nobody is served from where residency forbids', () => {
  const cases = instances(10, 8).chain((instance) =>
    fc.tuple(
      fc.constant(instance),
      fc.array(fc.constantFrom('fixed', 'excluded', 'free'), {
        minLength: instance.sites.length,
        maxLength: instance.sites.length,
      }),
      fc.nat(6),
    ),
  )
  fc.assert(
    fc.property(cases, ([instance, states, more]) => {
      const fixed = instance.sites.filter((_, i) => states[i] === 'fixed')
      const excluded = instance.sites.filter((_, i) => states[i] === 'excluded')
      const mayServe = (d: string, s: string) => (Number(d.slice(1)) + Number(s.slice(1))) % 3 !== 0
      const plan = only(planSites(problemOf(instance, { fixed, excluded, mayServe }), [fixed.length + more + 1]))
      for (const id of fixed) expect(plan.siteIds).toContain(id)
      for (const id of excluded) expect(plan.siteIds).not.toContain(id)
      for (const { demandId, siteId } of plan.assignments) {
        if (siteId === null) continue
        expect(plan.siteIds).toContain(siteId)
        expect(mayServe(demandId, siteId)).toBe(true)
      }
    }),
  )
})

test('the figures of a plan follow from its assignments', () => {
  const instance: Instance = {
    demand: [
      { id: 'a', weight: 2 },
      { id: 'b', weight: 1 },
      { id: 'c', weight: 1 },
    ],
    sites: ['x', 'y', 'z'],
    rtt: [
      [4, 1, 9],
      [null, 30, 12],
      [null, null, null],
    ],
  }
  expect(only(planSites(problemOf(instance), [2]))).toEqual({
    count: 2,
    siteIds: ['y', 'z'],
    coveredShare: 0.5,
    meanRttMs: (2 * 1 + 12) / 3,
    unservedShare: 0.25,
    assignments: [
      { demandId: 'a', siteId: 'y', rttMs: 1 },
      { demandId: 'b', siteId: 'z', rttMs: 12 },
      { demandId: 'c', siteId: null, rttMs: null },
    ],
  })
  expect(only(planSites(problemOf(instance), [3])).siteIds).toEqual(['y', 'z'])
})

test('a problem that contradicts itself is refused with the reason', () => {
  const instance: Instance = { demand: [{ id: 'a', weight: 1 }], sites: ['x', 'y'], rtt: [[1, 2]] }
  const plan = (changes: Partial<SiteProblem>, counts = [1]) => planSites(problemOf(instance, changes), counts)
  expect(() => plan({ fixed: ['x'], excluded: ['x'] })).toThrow('site x is both fixed and excluded')
  expect(() => plan({ excluded: ['q'] })).toThrow('site q is not among the candidates')
  expect(() => plan({ fixed: ['x', 'y'] })).toThrow('cannot plan 1 sites')
  expect(() => plan({}, [1.5])).toThrow('cannot plan 1.5 sites')
  expect(() => plan({ sites: ['x', 'x'] })).toThrow('site x is listed twice')
  expect(() => plan({ fixed: ['x', 'x'] }, [2])).toThrow('fixed site x is listed twice')
  expect(() => plan({ demand: [{ id: 'a', weight: -1 }] })).toThrow('weight of a is -1')
  expect(() => plan({ demand: [{ id: 'a', weight: 0 }] })).toThrow('there is no demand')
  expect(() => plan({ rttMs: () => Number.NaN })).toThrow('round trip a to')
  expect(() => plan({ targetMs: Number.NaN })).toThrow('the target of NaN ms')
})
