/**
 * C3's rate limiter of one client towards one server: cubic growth, multiplicative decrease.
 *
 * Source: Suresh, Canini, Schmid, Feldmann, "C3: Cutting Tail Latency in Cloud Data Stores via Adaptive Replica Selection",
 * NSDI 2015, section 3.2 and table of constants: β = 0.2 (a decrease leaves 1 − β, where its cubic curve starts), s_max = 10, hysteresis of two intervals, a saddle of 100 ms at an
 * interval δ of 20 ms. δ is 1 s here and the saddle 5 s in proportion: a server gets about one request a second from a
 * gateway, so 20 ms would count nothing. In its favour: it slows down only when answers fall behind the requests that were
 * really sent by more than a tenth, in smoothed rates, and never below one request an interval.
 */
export const intervalMs = 1000
const beta = 0.2
const growthMax = 10
const saddleMs = 5 * intervalMs
const hysteresisMs = 2 * intervalMs
const behindShare = 0.1
const rateMin = 1
const smoothing = 0.3

export interface CubicRate {
  /** True when a request may be sent now. */
  allows(nowMs: number): boolean
  sent(nowMs: number): void
  answered(nowMs: number): void
  /** Requests an interval. */
  rate(): number
}

export function createCubicRate(startRate: number): CubicRate {
  let rate = Math.max(rateMin, startRate)
  let rateAtDecrease = rate
  let decreasedMs = 0
  let increasedMs = 0
  let interval = 0
  let sentNow = 0
  let answeredNow = 0
  let sentRate = 0
  let answerRate = 0

  const turn = (nowMs: number): void => {
    const now = Math.floor(nowMs / intervalMs)
    for (let passed = Math.min(50, now - interval); passed > 0; passed--) {
      sentRate += smoothing * (sentNow - sentRate)
      answerRate += smoothing * (answeredNow - answerRate)
      sentNow = 0
      answeredNow = 0
    }
    interval = Math.max(interval, now)
  }
  return {
    allows(nowMs) {
      turn(nowMs)
      return sentNow < rate
    },
    sent(nowMs) {
      turn(nowMs)
      sentNow++
    },
    answered(nowMs) {
      turn(nowMs)
      answeredNow++
      if (sentRate > answerRate * (1 + behindShare) + 1 && nowMs - increasedMs > hysteresisMs) {
        if (nowMs - decreasedMs <= hysteresisMs) return
        rateAtDecrease = rate
        rate = Math.max(rateMin, rate * (1 - beta))
        decreasedMs = nowMs
      } else {
        const grown = cubicRate(rateAtDecrease, nowMs - decreasedMs)
        increasedMs = nowMs
        rate = Math.max(rate, Math.min(rate + growthMax, grown))
      }
    },
    rate: () => rate,
  }
}

/** γ·(ΔT − ∛(β·R₀/γ))³ + R₀, with γ such that the flat part is at the saddle: slow near R₀, fast far from it. */
export function cubicRate(rateAtDecrease: number, sinceDecreaseMs: number): number {
  const gamma = (beta * rateAtDecrease) / saddleMs ** 3
  return gamma * (sinceDecreaseMs - saddleMs) ** 3 + rateAtDecrease
}
