/** Plays the steps in their order, each within its time, prints what each took, and ends with a table of all of them. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { World } from './world.ts'

export interface Step {
  /** What `--until` takes. */
  readonly name: string
  readonly title: string
  readonly limitMs: number
  /** May return what was seen, one line. */
  run(world: World): Promise<string | void>
}

/** A part of the issue's story that this one does not play; printed, never passed over in silence. */
export interface Missing {
  readonly name: string
  readonly missing: string
}

export interface Played {
  readonly title: string
  readonly ms: number
  readonly outcome: 'ok' | 'failed' | 'missing'
  readonly said: string
}

export type StoryPart = Step | Missing

/** Stops at the first step that fails; whoever calls looks at the last one's outcome. */
export async function runStory(
  world: World,
  parts: readonly StoryPart[],
  until: string | undefined,
  print: (line: string) => void,
): Promise<Played[]> {
  const played: Played[] = []
  for (const part of parts) {
    const each = 'missing' in part ? missing(part) : await play(world, part)
    played.push(each)
    print(lineOf(each))
    if (each.outcome === 'failed' || part.name === until) break
  }
  return played
}

function missing({ name, missing: why }: Missing): Played {
  return { title: name, ms: 0, outcome: 'missing', said: why }
}

async function play(world: World, step: Step): Promise<Played> {
  const startedAt = performance.now()
  const abort = new AbortController()
  const { signal } = abort
  const late = sleep(step.limitMs, undefined, { signal, ref: false }).then(() => {
    throw new Error(`not done within ${step.limitMs / 1_000} s`)
  })
  late.catch(() => {})
  const took = () => performance.now() - startedAt
  try {
    const said = (await Promise.race([step.run(world), late])) ?? ''
    return { title: step.title, ms: took(), outcome: 'ok', said }
  } catch (error) {
    await world.snapshot(step.name)
    const said = error instanceof Error ? (error.stack ?? error.message) : String(error)
    return { title: step.title, ms: took(), outcome: 'failed', said }
  } finally {
    abort.abort()
  }
}

const marks = { ok: '✓', failed: '✗', missing: '–' } as const

function lineOf({ title, ms, outcome, said }: Played): string {
  const time = outcome === 'missing' ? 'missing' : `${(ms / 1_000).toFixed(1)} s`
  return `  ${marks[outcome]} ${title.padEnd(64)} ${time.padStart(9)}${said && `\n      ${said}`}`
}

/** One row a step, and the whole. */
export function tableOf(played: readonly Played[]): string {
  const width = Math.max(...played.map(({ title }) => title.length), 'Step'.length)
  const row = (title: string, time: string, outcome: string) =>
    `  ${title.padEnd(width)}  ${time.padStart(9)}  ${outcome}`
  const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`
  const total = played.reduce((sum, { ms }) => sum + ms, 0)
  return [
    row('Step', 'Time', 'Outcome'),
    ...played.map(({ title, ms, outcome }) => row(title, outcome === 'missing' ? '—' : seconds(ms), outcome)),
    row('All', seconds(total), wholeOf(played)),
  ].join('\n')
}

function wholeOf(played: readonly Played[]): string {
  if (played.some(({ outcome }) => outcome === 'failed')) return 'failed'
  const left = played.filter(({ outcome }) => outcome === 'missing').length
  return left === 0 ? 'ok' : `ok, ${left} missing`
}
