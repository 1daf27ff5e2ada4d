/** What the main thread and the workers of `npm run sim` tell each other. Plain data. */
import type { EngineBound, LpBound, RunFigures } from '@isochrone/simulator'

export interface SimConfig {
  traceFile: string
  /** Whose clients, of ServeGen's; null for a trace of requests. */
  model: string | null
  /** How many clients ask; a trace has tenants of its own. */
  tenants: number
  /** Null: the made-up market that ships with the project. */
  dataFolder: string | null
  /** Null: `market.json`, by which the published figures were made. */
  marketFile: string | null
  util: number
  horizonMs: number | null
  churn: boolean
}

/** One seed's bound (`policy` null) or one policy on it. */
export interface SimTask {
  seed: number
  policy: string | null
}

export type SimAnswer =
  | { kind: 'bound'; task: SimTask; bound: LpBound; engine: EngineBound; requests: number; wallS: number }
  | { kind: 'figures'; task: SimTask; figures: RunFigures; wallS: number }
  | { kind: 'error'; message: string }
