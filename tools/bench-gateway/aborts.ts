/**
 * How long after a client has closed its connection the engine's own connection closes, through gateway, link and agent:
 * until then the engine computes what nobody reads. One stream at a time, on a market that does nothing else.
 */
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { benchBody, benchModels } from './answer.ts'
import type { Child } from './children.ts'
import type { Rival } from './rivals.ts'
import { medianOf, type Verdict } from './summary.ts'

export interface Aborts {
  readonly count: number
  /** Until the upstream's word of it is here, which is a little later than the close itself. */
  readonly p50Ms: number
  readonly maxMs: number
}

/** Numbers that no other request of a run has. */
const FIRST_SEED = 900_000_000
const TOKENS = 4_096
const WAIT_MS_MAX = 10_000

/** Throws where the engine goes on for ten seconds. */
export async function measureAborts({ origin, headers }: Rival, upstream: Child, count: number): Promise<Aborts> {
  const took: number[] = []
  for (let index = 0; index < count; index++) {
    const seed = FIRST_SEED + index
    const gone = goneOf(upstream, seed)
    const call = request(`${origin}/v1/chat/completions`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      agent: false,
    })
    call.end(benchBody(benchModels.paced, seed, TOKENS, true))
    const [response] = (await once(call, 'response')) as [IncomingMessage]
    if (response.statusCode !== 200) throw new Error(`a stream to abort was answered with ${response.statusCode}`)
    for (const each of [call, response]) each.on('error', () => undefined)
    await once(response, 'data')
    const closedMs = performance.now()
    call.destroy()
    took.push((await gone) - closedMs)
  }
  const [p50Ms, maxMs] = [medianOf(took), Math.max(...took)].map((ms) => Number(ms.toPrecision(3)))
  return { count, p50Ms: p50Ms ?? Number.NaN, maxMs: maxMs ?? Number.NaN }
}

/** When the upstream says that the connection of this stream closed before its end. */
function goneOf({ process: upstream }: Child, seed: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const limit = setTimeout(() => end(() => reject(new Error('the engine was not stopped'))), WAIT_MS_MAX)
    const onMessage = (message: { gone?: number }) => {
      const nowMs = performance.now()
      if (message.gone === seed) end(() => resolve(nowMs))
    }
    const end = (settle: () => void) => {
      clearTimeout(limit)
      upstream.off('message', onMessage)
      settle()
    }
    upstream.on('message', onMessage)
  })
}

/** The target, by the median. */
export const abortVerdict = ({ p50Ms }: Aborts): Verdict => ({
  what: "client's close to engine's close, median ms",
  seen: p50Ms,
  target: 50,
  holds: p50Ms <= 50,
})
