/** What `npm run sim -- --json` printed for one market and utilisation, kept beside the documents that quote it. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { Market } from './markets.ts'

const seedFigures = z.looseObject({
  seed: z.number(),
  sloAttainment: z.number(),
  costOverBound: z.number().nullable(),
})

/** As far as a report needs it; what else it holds stays in the file. */
const policyResult = z.looseObject({
  policy: z.string(),
  source: z.string().optional(),
  rule: z.string().optional(),
  /** The day on which it ran, `2026-11-23`. */
  measured: z.iso.date().optional(),
  /** 0 to 1; unfinished and refused requests are misses. */
  sloAttainment: z.number().min(0).max(1),
  /** USD per million accepted tokens; null where nothing was accepted. */
  costPerMtok: z.number().nullable(),
  /** Share above the LP bound, 0.1 = 10 %. */
  costOverBound: z.number().nullable(),
  ttftP99Ms: z.number().nullable(),
  /** Per seed, means over it. */
  arrived: z.number().optional(),
  hedges: z.number().optional(),
  moves: z.number().optional(),
  spread: z
    .looseObject({
      sloAttainment: z.object({ sd: z.number() }).partial(),
      costOverBound: z.object({ sd: z.number() }).partial(),
    })
    .partial()
    .optional(),
  bySeed: z.array(seedFigures).optional(),
})
export type PolicyResult = z.infer<typeof policyResult>

export const runResult = z.looseObject({
  trace: z.string(),
  model: z.string().nullish(),
  util: z.number(),
  seeds: z.array(z.number()).min(1),
  horizonS: z.number(),
  policies: z.array(policyResult).min(1),
})
export type RunResult = z.infer<typeof runResult>

/** @param json what `npm run sim -- --json` printed. Throws, naming `from` and the field, where it is none. */
export function parseRun(json: string, from: string): RunResult {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    throw new Error(`${from}: not JSON`)
  }
  const parsed = runResult.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new Error(`${from}, field ${issue?.path.join('.') ?? '?'}: ${issue?.message ?? 'not a result of npm run sim'}`)
}

/**
 * `later` of the same market in the place of `before`; policies that did not run again stay as they were. Throws where
 * trace, model, utilisation, seeds or length differ: such rows say nothing beside each other.
 */
export function mergedRun(before: RunResult | null, later: RunResult): RunResult {
  if (!before) return later
  if (marketOf(before) !== marketOf(later))
    throw new Error(`${marketOf(before)} and ${marketOf(later)} are not one market`)
  const again = new Map(later.policies.map((result) => [result.policy, result]))
  const kept = before.policies.map((result) => again.get(result.policy) ?? result)
  const known = new Set(kept.map(({ policy }) => policy))
  return { ...later, policies: [...kept, ...later.policies.filter(({ policy }) => !known.has(policy))] }
}

const marketOf = ({ trace, model, util, seeds, horizonS }: RunResult): string =>
  `${trace}${model ? ` (${model})` : ''} at ${util}, seeds ${seeds.join(', ')}, ${horizonS} s`

/** Run files of one folder. */
export class RunFiles {
  readonly folder: string

  constructor(folder: string) {
    this.folder = folder
  }

  pathOf({ name }: Pick<Market, 'name'>, util: number): string {
    return join(this.folder, `${name}-${util}.json`)
  }

  /** Null where it was never measured. */
  find(market: Pick<Market, 'name'>, util: number): RunResult | null {
    const path = this.pathOf(market, util)
    return existsSync(path) ? parseRun(readFileSync(path, 'utf8'), path) : null
  }

  /** Throws where it was never measured. */
  read(market: Pick<Market, 'name'>, util: number): RunResult {
    const found = this.find(market, util)
    if (found) return found
    throw new Error(`${this.pathOf(market, util)} is missing: npm run measure:placement -- --only ${market.name}`)
  }

  write(market: Pick<Market, 'name'>, result: RunResult): void {
    writeFileSync(this.pathOf(market, result.util), `${JSON.stringify(result, null, 1)}\n`)
  }
}
