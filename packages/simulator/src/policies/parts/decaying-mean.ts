/** A mean whose past loses half of its weight every `halfLifeMs`; `weight` is how much there is behind it now. */
export interface DecayingMean {
  add(value: number, nowMs: number): void
  /** The mean with `priorWeight` further observations of `prior`. */
  value(nowMs: number, prior: number, priorWeight: number): number
  weight(nowMs: number): number
}

export function createDecayingMean(halfLifeMs: number): DecayingMean {
  let sum = 0
  let weight = 0
  let atMs = 0
  const fade = (nowMs: number): number => 2 ** (-Math.max(0, nowMs - atMs) / halfLifeMs)
  return {
    add(value, nowMs) {
      const kept = fade(nowMs)
      sum = sum * kept + value
      weight = weight * kept + 1
      atMs = Math.max(atMs, nowMs)
    },
    value(nowMs, prior, priorWeight) {
      const kept = fade(nowMs)
      return (sum * kept + prior * priorWeight) / (weight * kept + priorWeight)
    },
    weight: (nowMs) => weight * fade(nowMs),
  }
}
