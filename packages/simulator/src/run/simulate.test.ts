import { describe, expect, test } from 'vitest'
import { isochrone } from '../policies/isochrone.ts'
import type { PolicyInstance, SimPolicy } from '../sim-types.ts'
import { measureRun } from './measure.ts'
import { allFaults, noFaults, planFaults } from './plan-faults.ts'
import { requestStates, stateFinished } from './request-log.ts'
import { marketSettings } from './settings.ts'
import { simulate } from './simulate.ts'
import { coinPolicy, testFleet, testWorkload } from './test-market.ts'

const settings = marketSettings({ warmUpMs: 5_000, horizonMs: 60_000 })
const fleet = testFleet(12)
const requests = testWorkload(60, 60_000)
const faults = planFaults(fleet, 7, 200_000, allFaults)
const common = { fleet, requests, settings, faults, seed: 7 }

/** Counts what the policy hears, to hold it against what happened. */
function listening(
  policy: SimPolicy,
  heard: { open: Map<string, number>; dispatched: number; ended: number },
): SimPolicy {
  return {
    ...policy,
    create(world) {
      const inner = policy.create(world)
      const instance: PolicyInstance = {
        ...inner,
        onDispatch(replica, request, nowMs) {
          inner.onDispatch?.(replica, request, nowMs)
          const key = `${request.index}@${replica}`
          heard.open.set(key, (heard.open.get(key) ?? 0) + 1)
          heard.dispatched++
        },
        onEnd(replica, request, outcome, nowMs) {
          inner.onEnd?.(replica, request, outcome, nowMs)
          const key = `${request.index}@${replica}`
          heard.open.set(key, (heard.open.get(key) ?? 0) - 1)
          heard.ended++
        },
      }
      return instance
    },
  }
}

describe.each([coinPolicy, isochrone])('under $name', (policy) => {
  const input = { ...common, policy }

  /** A figure is a function of its seed: anything else could not be checked by anybody. */
  test('the same input gives the same run to the last bit', () => {
    const first = measureRun(input, simulate(input))
    const second = measureRun(input, simulate(input))
    expect(JSON.stringify(second)).toBe(JSON.stringify(first))
    expect(first.failovers).toBeGreaterThan(0)
    expect(first.continuations).toBeGreaterThan(0)
  })

  test('every request ends exactly once, in one of four ways', () => {
    const result = simulate(input)
    const { log } = result
    const all = measureRun(input, result, 0)
    expect(all.arrived).toBe(requests.length)
    expect(all.finished + all.refused + all.failed + all.unfinished).toBe(requests.length)
    expect([...log.state].every((state) => requestStates[state] !== 'pending')).toBe(true)
  })

  test('a policy hears exactly one end of each dispatch', () => {
    const heard = { open: new Map<string, number>(), dispatched: 0, ended: 0 }
    const { attempts } = simulate({ ...input, policy: listening(policy, heard) })
    expect(heard.dispatched).toBe(attempts.count)
    expect(heard.ended).toBe(attempts.count)
    expect([...heard.open.values()].every((open) => open === 0)).toBe(true)
  })

  test('each token that a customer receives is delivered once, by whichever attempts', () => {
    const { log, attempts } = simulate(input)
    const delivered = new Float64Array(requests.length)
    for (let i = 0; i < attempts.count; i++)
      delivered[attempts.request[i] as number]! += attempts.delivered[i] as number
    const wrong = requests.filter(
      ({ index, tokensOut }) => log.state[index] === stateFinished && delivered[index] !== tokensOut,
    )
    expect(wrong).toEqual([])
  })
})

test('without faults and far below capacity all requests are inside their SLOs', () => {
  const light = { ...common, policy: coinPolicy, faults: noFaults, requests: testWorkload(20, 60_000) }
  const figures = measureRun(light, simulate(light))
  expect(figures.sloAttainment).toBe(1)
  expect(figures.failovers).toBe(0)
})
