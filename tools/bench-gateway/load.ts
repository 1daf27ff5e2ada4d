/**
 * The load generator: one process beside the rivals, which sends requests as told, checks each answer and times it.
 *
 * A request whose answer is not the expected text counts as an error and never as a time.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { Pool } from 'undici'
import { answerOf, benchBody } from './answer.ts'
import type { LoadCommand, LoadResult, Percentiles } from './load-messages.ts'
import { cpuUsOf } from './process-cpu.ts'

let nextSeed = 1
/** How often a slow pace looks whether it is over. */
const IDLE_MS_MAX = 50

process.on('message', (command: LoadCommand) => {
  run(command).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: String(error) }),
  )
})
process.once('disconnect', () => process.exit(0))

async function run(command: LoadCommand): Promise<LoadResult> {
  const pool = new Pool(command.origin, { connections: command.concurrency, pipelining: 1, headersTimeout: 30_000 })
  const wholeMs: number[] = []
  const firstMs: number[] = []
  let done = 0
  let errors = 0
  let firstError: string | null = null
  let measuring = false
  const one = async (): Promise<void> => {
    try {
      const timed = await request(pool, command, nextSeed++)
      done += 1
      if (!measuring) return
      wholeMs.push(timed.wholeMs)
      firstMs.push(timed.firstMs)
    } catch (error) {
      errors += 1
      firstError ??= error instanceof Error ? error.message : String(error)
      await sleep(20)
    }
  }
  let over = false
  const goesOn = () => !over
  const sending = command.ratePerS === null ? closedLoop(command, goesOn, one) : openLoop(command, goesOn, one)
  const startedMs = performance.now()
  await sleep(command.warmMs)
  while (done < command.warmCount && performance.now() - startedMs < command.warmMsMax) await sleep(20)
  measuring = true
  const fromMs = performance.now()
  const before = command.pids.map(cpuUsOf)
  await sleep(command.measureMs)
  while (wholeMs.length < command.countMin && performance.now() - fromMs < command.measureMsMax) await sleep(20)
  measuring = false
  over = true
  const seconds = (performance.now() - fromMs) / 1_000
  const cpuUs = command.pids.map((pid, index) => cpuUsOf(pid) - (before[index] ?? 0))
  await sending
  await pool.destroy()
  return {
    count: wholeMs.length,
    total: done,
    errors,
    firstError,
    seconds,
    whole: percentilesOf(wholeMs),
    first: percentilesOf(firstMs),
    cpuUs,
  }
}

async function closedLoop(
  { concurrency, rampMs }: LoadCommand,
  goesOn: () => boolean,
  one: () => Promise<void>,
): Promise<void> {
  const lane = async (index: number) => {
    await sleep((rampMs * index) / concurrency)
    while (goesOn()) await one()
  }
  await Promise.all(Array.from({ length: concurrency }, (_, index) => lane(index)))
}

/** Requests at exponentially distributed distances, so that they do not march in step with anybody's timer. */
async function openLoop(
  { ratePerS, concurrency }: LoadCommand,
  goesOn: () => boolean,
  one: () => Promise<void>,
): Promise<void> {
  const running = new Set<Promise<void>>()
  let dueMs = performance.now()
  while (goesOn()) {
    for (; dueMs <= performance.now(); dueMs += (-Math.log(1 - Math.random()) * 1_000) / (ratePerS ?? 1)) {
      if (running.size >= concurrency) continue
      const sent = one().finally(() => running.delete(sent))
      running.add(sent)
    }
    await sleep(Math.max(0, Math.min(dueMs - performance.now(), IDLE_MS_MAX)))
  }
  await Promise.all(running)
}

interface Timed {
  wholeMs: number
  firstMs: number
}

function request(pool: Pool, command: LoadCommand, seed: number): Promise<Timed> {
  const body = benchBody(command.model, seed, command.tokens, command.stream)
  const headers = { ...command.headers, 'content-type': 'application/json' }
  const parts: Buffer[] = []
  let firstMs = 0
  let status = 0
  return new Promise((resolve, reject) => {
    const sentMs = performance.now()
    pool.dispatch(
      { path: '/v1/chat/completions', method: 'POST', headers, body },
      {
        onRequestStart() {},
        onResponseStart(_controller, statusCode) {
          status = statusCode
        },
        onResponseData(_controller, chunk) {
          if (parts.length === 0) firstMs = performance.now() - sentMs
          parts.push(chunk)
        },
        onResponseEnd() {
          const wholeMs = performance.now() - sentMs
          const text = Buffer.concat(parts).toString()
          const wrong = mismatchOf(text, status, command, seed)
          if (wrong === null) resolve({ wholeMs, firstMs })
          else reject(new Error(wrong))
        },
        onResponseError: (_controller, error) => reject(error),
      },
    )
  })
}

function mismatchOf(text: string, status: number, { stream, tokens }: LoadCommand, seed: number): string | null {
  if (status !== 200) return `HTTP ${status}: ${text.slice(0, 200)}`
  const found = stream ? textOfStream(text) : textOfAnswer(text)
  return found === answerOf(seed, tokens) ? null : `another answer: ${text.slice(0, 300)}`
}

function textOfAnswer(text: string): unknown {
  return (JSON.parse(text) as { choices: { message: { content?: unknown } }[] }).choices[0]?.message.content
}

/** The contents of all chunks, taken out of the text as they stand: no token of ours holds an escape. */
export function textOfStream(text: string): string {
  let found = ''
  for (let at = text.indexOf(CONTENT); at >= 0; at = text.indexOf(CONTENT, at)) {
    at += CONTENT.length
    found += text.slice(at, (at = text.indexOf('"', at)))
  }
  return text.includes('data: [DONE]') ? found : `${found} and no end`
}

const CONTENT = '"content":"'

function percentilesOf(values: number[]): Percentiles {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
  return { p50Ms: at(0.5), p99Ms: at(0.99) }
}
