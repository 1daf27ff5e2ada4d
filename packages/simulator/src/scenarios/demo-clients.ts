/** Made-up clients in the shape of ServeGen's: rates that fall as 1/rank, bursty arrivals, lengths of their own. */
import type { ServeGenClient } from '../data/read-servegen.ts'

const weekWindows = 1_008
const spread = [0.1, 0.2, 0.3, 0.6, 1, 1.6, 2.5, 3.5, 6] as const

/** The busiest first. */
export function demoClients(count = 24): ServeGenClient[] {
  return Array.from({ length: count }, (_, rank) => {
    const [tokensIn, tokensOut] = [200 + 150 * (rank % 7), 60 + 50 * (rank % 5)]
    return {
      client: rank,
      rates: Array.from({ length: weekWindows }, (__, window) => ({
        startS: 600 * window,
        rateRps: 20 / (rank + 1),
        cv: 1.5,
        family: 'Gamma',
        shape: 0.45,
      })),
      lengths: [
        {
          startS: 0,
          tokensIn: spread.map((factor) => Math.round(factor * tokensIn)),
          tokensOut: spread.map((factor) => Math.round(factor * tokensOut)),
        },
      ],
    }
  })
}
