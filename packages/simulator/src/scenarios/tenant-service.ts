/**
 * What tenants were served, and when they were backlogged, out of the log of a run.
 *
 * Service is weighted tokens as the VTC paper weighs them: a prompt counts when its first token comes, output tokens
 * count twice, evenly from the first token to the end. A tenant is backlogged while at least one of its requests waits to
 * be dispatched. The fairness bound speaks of tenants that are backlogged throughout an interval, and of no others:
 * whoever asks for less than an equal share gets all of it and is not short of anything.
 */
import { tokenWeights } from '@isochrone/scheduler'
import type { SimulationResult } from '../run/simulate.ts'
import type { SimRequest } from '../sim-types.ts'

interface Interval {
  fromMs: number
  toMs: number
}

export interface TenantService {
  /** Weighted tokens that a tenant was served in the interval. */
  served(tenant: number, fromMs: number, toMs: number): number
  /** Tenants that were backlogged from its first moment to its last. */
  backlogged(fromMs: number, toMs: number): number[]
}

export function tenantService(requests: readonly SimRequest[], { log, attempts }: SimulationResult): TenantService {
  const dispatchMs = new Float64Array(requests.length).fill(Infinity)
  const streams = new Map<number, { firstMs: number; endMs: number; tokensIn: number; tokensOut: number }[]>()
  const waits = new Map<number, Interval[]>()
  for (let attempt = 0; attempt < attempts.count; attempt++) {
    const index = attempts.request[attempt] as number
    dispatchMs[index] = Math.min(dispatchMs[index] as number, attempts.dispatchMs[attempt] as number)
    const firstMs = attempts.firstMs[attempt] as number
    if (firstMs === 0) continue
    const { tenant } = requests[index] as SimRequest
    const stream = {
      firstMs,
      endMs: Math.max(firstMs, attempts.endMs[attempt] as number),
      tokensIn: attempts.tokensIn[attempt] as number,
      tokensOut: attempts.delivered[attempt] as number,
    }
    const own = streams.get(tenant)
    if (own) own.push(stream)
    else streams.set(tenant, [stream])
  }
  for (const { index, tenant, arriveMs } of requests) {
    const toMs = Math.min(dispatchMs[index] as number, log.endMs[index] as number)
    const own = waits.get(tenant) ?? []
    waits.set(tenant, own)
    const last = own.at(-1)
    // In order of arrival, so that intervals that touch grow together.
    if (last && arriveMs <= last.toMs) last.toMs = Math.max(last.toMs, toMs)
    else own.push({ fromMs: arriveMs, toMs })
  }
  return {
    served(tenant, fromMs, toMs) {
      let service = 0
      for (const { firstMs, endMs, tokensIn, tokensOut } of streams.get(tenant) ?? []) {
        if (firstMs >= fromMs && firstMs < toMs) service += tokenWeights.in * tokensIn
        const overlapMs = Math.min(endMs, toMs) - Math.max(firstMs, fromMs)
        if (overlapMs > 0) service += tokenWeights.out * tokensOut * (overlapMs / (endMs - firstMs))
      }
      return service
    },
    backlogged: (fromMs, toMs) =>
      [...waits]
        .filter(([, own]) => own.some((wait) => wait.fromMs <= fromMs && wait.toMs >= toMs))
        .map(([tenant]) => tenant),
  }
}
