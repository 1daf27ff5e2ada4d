/**
 * LLMGateway's history of a provider: a rolling hour in which the last minute counts 10 times, the last five minutes 3
 * times and the rest once.
 *
 * Source: docs.llmgateway.io/features/routing, "Time-Decayed Metrics Window" (2026).
 */
const windowMinutes = 60

interface Bucket {
  minute: number
  ended: number
  failed: number
  ttftMsSum: number
  ttfts: number
  tokensPerSecondSum: number
  throughputs: number
}

export interface MinuteMetrics {
  ended(failed: boolean, nowMs: number): void
  ttft(ttftMs: number, nowMs: number): void
  throughput(tokensPerSecond: number, nowMs: number): void
  /** Weighted over the window; null where nothing was seen. Uptime in percent. */
  read(nowMs: number): { uptime: number | null; ttftMs: number | null; tokensPerSecond: number | null }
}

export function createMinuteMetrics(): MinuteMetrics {
  let buckets: Bucket[] = []
  const at = (nowMs: number): Bucket => {
    const minute = Math.floor(nowMs / 60_000)
    const last = buckets.at(-1)
    if (last?.minute === minute) return last
    const bucket = { minute, ended: 0, failed: 0, ttftMsSum: 0, ttfts: 0, tokensPerSecondSum: 0, throughputs: 0 }
    buckets = [...buckets.filter((kept) => kept.minute > minute - windowMinutes), bucket]
    return bucket
  }
  return {
    ended(failed, nowMs) {
      const bucket = at(nowMs)
      bucket.ended++
      if (failed) bucket.failed++
    },
    ttft(ttftMs, nowMs) {
      const bucket = at(nowMs)
      bucket.ttftMsSum += ttftMs
      bucket.ttfts++
    },
    throughput(tokensPerSecond, nowMs) {
      const bucket = at(nowMs)
      bucket.tokensPerSecondSum += tokensPerSecond
      bucket.throughputs++
    },
    read(nowMs) {
      const total = { ended: 0, failed: 0, ttftMsSum: 0, ttfts: 0, tokensPerSecondSum: 0, throughputs: 0 }
      for (const bucket of buckets) {
        const ageMs = nowMs - bucket.minute * 60_000 - 30_000
        if (ageMs > windowMinutes * 60_000) continue
        const weight = ageMs <= 60_000 ? 10 : ageMs <= 300_000 ? 3 : 1
        total.ended += weight * bucket.ended
        total.failed += weight * bucket.failed
        total.ttftMsSum += weight * bucket.ttftMsSum
        total.ttfts += weight * bucket.ttfts
        total.tokensPerSecondSum += weight * bucket.tokensPerSecondSum
        total.throughputs += weight * bucket.throughputs
      }
      return {
        uptime: total.ended === 0 ? null : 100 * (1 - total.failed / total.ended),
        ttftMs: total.ttfts === 0 ? null : total.ttftMsSum / total.ttfts,
        tokensPerSecond: total.throughputs === 0 ? null : total.tokensPerSecondSum / total.throughputs,
      }
    },
  }
}
