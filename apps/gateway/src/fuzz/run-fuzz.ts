/**
 * Runs the kinds of cases for their share of a number, and says how many of each there were. The first case that does not hold
 * ends the run, with what repeats it.
 */
import { Fault, type FuzzKind } from './fuzz-kind.ts'
import { startFuzzWorld, SCRIPTED_MODEL, type FuzzWorld } from './fuzz-world.ts'
import { httpKind } from './http-kind.ts'
import { linkKind } from './link-kind.ts'
import { parserKinds } from './parser-kinds.ts'

export interface FuzzOptions {
  readonly cases: number
  readonly seed: number
  /** Only this kind. */
  readonly only?: string | undefined
  /** Only this batch of each kind: repeats one that did not hold. */
  readonly batch?: number | undefined
  readonly say: (line: string) => void
}

export interface FuzzCounts {
  readonly cases: number
  readonly byKind: ReadonlyMap<string, number>
}

/** Batches between two looks at the gateway, and between two lines of progress, ms. */
const [CHECK_EVERY, PROGRESS_MS] = [8, 30_000]

/** Of a run of a million, about; in this order. */
const sharesOf: Readonly<Record<string, number>> = {
  bodies: 400_000,
  frames: 300_000,
  chunks: 150_000,
  http: 100_000,
  link: 60_000,
}

const processKind = (name: string, world: FuzzWorld): FuzzKind =>
  name === 'http' ? httpKind({ ...world, models: [SCRIPTED_MODEL] }) : linkKind(world)

/** Throws an error that says how to repeat the case that did not hold. */
export async function runFuzz(options: FuzzOptions): Promise<FuzzCounts> {
  const isAsked = (name: string): boolean => options.only === undefined || options.only === name
  const byKind = new Map<string, number>()
  let world: FuzzWorld | undefined
  try {
    const shares = Object.entries(sharesOf).filter(([name]) => isAsked(name))
    const total = shares.reduce((sum, [, share]) => sum + share, 0)
    for (const [name, share] of shares) {
      const direct = parserKinds.find((kind) => kind.name === name)
      // Only now: what is called directly gives no node of this process the time to answer its pings.
      if (!direct) world ??= await startFuzzWorld()
      const kind = direct ?? (world && processKind(name, world))
      if (kind) byKind.set(name, await runKind(kind, (options.cases * share) / total, options, world))
    }
  } finally {
    await world?.stop()
  }
  return { cases: [...byKind.values()].reduce((sum, count) => sum + count, 0), byKind }
}

async function runKind(
  { name, what, run }: FuzzKind,
  wanted: number,
  { seed, batch: only, say }: FuzzOptions,
  world: FuzzWorld | undefined,
): Promise<number> {
  const startedAt = performance.now()
  let [cases, batch, saidAt] = [0, only ?? 0, startedAt]
  const isProcess = name === 'http' || name === 'link'
  const line = (): string => {
    const seconds = (performance.now() - startedAt) / 1_000
    return `${name.padEnd(7)} ${cases.toLocaleString('en-US').padStart(9)} ${what}, ${Math.round(cases / seconds).toLocaleString('en-US')} a second`
  }
  try {
    for (; cases < wanted; batch++) {
      cases += await run({ seed, batch })
      if (isProcess && batch % CHECK_EVERY === 0) await world?.check()
      if (only !== undefined) break
      if (performance.now() - saidAt > PROGRESS_MS) {
        saidAt = performance.now()
        say(`… ${line()}`)
      }
    }
    if (isProcess) await world?.check()
  } catch (error) {
    const input = error instanceof Fault ? `\n  sent (base64): ${error.case.subarray(0, 3_000).toString('base64')}` : ''
    const again = `npm run fuzz:gateway -- --only ${name} --seed ${seed} --batch ${batch}`
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error)
    const log = isProcess ? await world?.check().then(String, String) : undefined
    const seen = log === undefined ? '' : `\n  ${log}`
    throw new Error(`after ${cases} cases: ${what}${input}${seen}\n  again: ${again}`, { cause: error })
  }
  say(line())
  return cases
}
