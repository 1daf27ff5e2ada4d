/**
 * Prometheus metrics of one process: a registry of its own, so that tests may run several in one program.
 *
 * Names are `isochrone_<process>_<what>_<unit>`; the helpers add the first two parts.
 */
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client'
import { SeriesHistogram, type Series } from './series-histogram.ts'

export interface Metrics {
  readonly registry: Registry
  counter<L extends string = string>(name: string, help: string, labels?: readonly L[]): Counter<L>
  gauge<L extends string = string>(name: string, help: string, labels?: readonly L[]): Gauge<L>
  /** Of one series. @param bounds the upper ones, ascending. */
  histogram(name: string, help: string, bounds: readonly number[]): Series
  /** The text exposition of every metric, with its content type. */
  render(): Promise<{ contentType: string; body: string }>
}

/** Latency buckets in seconds, from a loopback hop to a cold start. */
export const latencyBucketsS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] as const

/** Creates the registry of `processName`; `defaults` adds Node's own metrics (heap, event loop, file handles). */
export function createMetrics(processName: string, { defaults = true }: { defaults?: boolean } = {}): Metrics {
  const registry = new Registry()
  if (defaults) collectDefaultMetrics({ register: registry })
  const full = (name: string) => `isochrone_${processName}_${name}`
  return {
    registry,
    counter: (name, help, labels = []) =>
      new Counter({ name: full(name), help, labelNames: [...labels], registers: [registry] }),
    gauge: (name, help, labels = []) =>
      new Gauge({ name: full(name), help, labelNames: [...labels], registers: [registry] }),
    histogram: (name, help, bounds) => new SeriesHistogram({ name: full(name), help, bounds, registry }).series({}),
    render: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
  }
}
