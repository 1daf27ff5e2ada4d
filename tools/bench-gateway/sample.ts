/** What one rival did in one round. */
import type { RivalName } from './rivals.ts'

/** One rival in one round. CPU and rates at saturation; what it adds, at a quarter of that. */
export interface Sample {
  readonly name: RivalName
  readonly requestsPerSecond: number
  readonly streamsPerSecond: number
  readonly tokensPerSecond: number
  readonly cpuUsPerRequest: number
  readonly cpuUsPerStream: number
  readonly agentCpuUsPerRequest: number
  readonly agentCpuUsPerStream: number
  /** Whole answers. */
  readonly addedP50Ms: number
  readonly addedP99Ms: number
  /** First token of a stream. */
  readonly addedTtftP50Ms: number
  readonly addedTtftP99Ms: number
}
