/**
 * A histogram for numbers that come with every request. prom-client's own writes the labels out as text and looks its bucket up by
 * name for each number; here a series is made once, and a number is added to it.
 *
 * It stands in prom-client's registry and is printed there like any other.
 */
import type { Histogram, Registry } from 'prom-client'

export interface HistogramOptions {
  readonly name: string
  readonly help: string
  /** Upper bounds, each included, ascending. */
  readonly bounds: readonly number[]
  readonly registry: Registry
}

type Labels = Readonly<Record<string, string>>

/** What has these labels. */
export class Series {
  readonly labels: Labels
  /** Numbers up to each bound and above the one before it; the last has no bound. */
  readonly counts: Float64Array
  readonly #bounds: readonly number[]
  sum = 0

  constructor(labels: Labels, bounds: readonly number[]) {
    this.labels = labels
    this.counts = new Float64Array(bounds.length + 1)
    this.#bounds = bounds
  }

  observe(value: number): void {
    if (!Number.isFinite(value)) throw new TypeError(`Not a number to be counted: ${value}`)
    const bounds = this.#bounds
    let at = 0
    while (at < bounds.length && value > (bounds[at] as number)) at++
    this.counts[at] = (this.counts[at] as number) + 1
    this.sum += value
  }
}

export class SeriesHistogram {
  readonly name: string
  readonly help: string
  readonly type = 'histogram'
  readonly #bounds: readonly number[]
  readonly #series: Series[] = []

  constructor({ name, help, bounds, registry }: HistogramOptions) {
    this.name = name
    this.help = help
    this.#bounds = bounds
    // The registry asks for no more than a name, and `get`.
    registry.registerMetric(this as unknown as Histogram)
  }

  /** Once for each set of labels: a second one of the same labels is another series. */
  series(labels: Labels): Series {
    const made = new Series(labels, this.#bounds)
    this.#series.push(made)
    return made
  }

  /** As prom-client's registry asks its metrics. */
  get() {
    const { name, help, type } = this
    return { name, help, type, aggregator: 'sum', values: this.#series.flatMap((series) => this.#valuesOf(series)) }
  }

  #valuesOf({ labels, counts, sum }: Series) {
    let count = 0
    const buckets = [...counts].map((ofBucket, at) => ({
      metricName: `${this.name}_bucket`,
      labels: { le: this.#bounds[at] ?? '+Inf', ...labels },
      value: (count += ofBucket),
    }))
    const total = [
      { metricName: `${this.name}_sum`, labels, value: sum },
      { metricName: `${this.name}_count`, labels, value: count },
    ]
    return [...buckets, ...total]
  }
}
