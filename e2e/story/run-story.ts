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

export interface Played {
  readonly title: string
  readonly ms: number
  readonly outcome: 'ok' | 'failed'
  readonly said: string
}

/** Stops at the first step that fails; whoever calls looks at the last one's outcome. */
export async function runStory(
  world: World,
  steps: readonly Step[],
  until: string | undefined,
  print: (line: string) => void,
): Promise<Played[]> {
  const played: Played[] = []
  for (const step of steps) {
    const each = await play(world, step)
    played.push(each)
    print(lineOf(each))
    if (each.outcome === 'failed' || step.name === until) break
  }
  return played
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

const marks = { ok: '✓', failed: '✗' } as const

function lineOf({ title, ms, outcome, said }: Played): string {
  return `  ${marks[outcome]} ${title.padEnd(64)} ${secondsOf(ms).padStart(9)}${said && `\n      ${said}`}`
}

/** One row a step, and the whole. */
export function tableOf(played: readonly Played[]): string {
  const width = Math.max(...played.map(({ title }) => title.length), 'Step'.length)
  const row = (title: string, time: string, outcome: string) =>
    `  ${title.padEnd(width)}  ${time.padStart(9)}  ${outcome}`
  const total = played.reduce((sum, { ms }) => sum + ms, 0)
  return [
    row('Step', 'Time', 'Outcome'),
    ...played.map(({ title, ms, outcome }) => row(title, secondsOf(ms), outcome)),
    row('All', secondsOf(total), played.some(({ outcome }) => outcome === 'failed') ? 'failed' : 'ok'),
  ].join('\n')
}

const secondsOf = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`
