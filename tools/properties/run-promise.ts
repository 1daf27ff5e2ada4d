/**
 * Runs one promise of placement over random markets until it has made enough decisions, in rounds that are each one run of
 * fast-check: a round's seed and the path to its smallest failing market repeat the failure.
 */
import { promises, type Promised, type PromiseName } from '@isochrone/scheduler/testing'
import fc from 'fast-check'

export interface PromiseRun {
  name: string
  decisions: number
  markets: number
  counts: Readonly<Record<string, number>>
  /** Words for a person when the promise was broken, with the command that repeats it. */
  broken: string | null
}

/** Markets of a round. */
const ROUND = 10
const EXAMPLE_CHARACTERS = 4_000

export interface RunOptions {
  /** Decisions to make at least; shrinking makes more. */
  decisions: number
  seed: number
  /** Of a failure found before: runs that market alone. */
  path?: string
}

export const promiseNames = Object.keys(promises) as PromiseName[]

export function runPromise(name: string, promised: Promised, { decisions, seed, path }: RunOptions): PromiseRun {
  const property = promised.property()
  let markets = 0
  let broken: string | null = null
  for (let round = 0; broken === null && promised.decisions() < decisions; round++) {
    const details = fc.check(property, {
      seed: (seed + round) | 0,
      numRuns: ROUND,
      ...(path === undefined ? {} : { path }),
    })
    markets += details.numRuns
    if (details.failed) broken = wordsOf(name, promised, details)
    if (path !== undefined) break
  }
  return { name, decisions: promised.decisions(), markets, counts: { ...promised.counts() }, broken }
}

function wordsOf(name: string, { promise }: Promised, details: fc.RunDetails<[unknown]>): string {
  const { counterexample, counterexamplePath, errorInstance, numShrinks, seed } = details
  const why = errorInstance instanceof Error ? errorInstance.message : String(errorInstance)
  const market = fc.stringify(counterexample?.[0])
  const shown = market.length > EXAMPLE_CHARACTERS ? `${market.slice(0, EXAMPLE_CHARACTERS)} …` : market
  return [
    `Broken: ${promise}.`,
    why,
    `The smallest market found, after ${numShrinks} steps down: ${shown}`,
    `Again: npm run test:properties -- --promise ${name} --seed ${seed} --path ${counterexamplePath}`,
  ].join('\n')
}
