/**
 * Says to the marketplace that this node joined what it is and what it serves, signed by its key: at the start and every half minute, so
 * that a node is seen before any gateway may link it. The answer names the witnesses to dial.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { signReport, type NodeInventory, type ServedModel } from '@isochrone/protocol'
import type { Logger } from '@isochrone/runtime'
import { request } from 'undici'
import { z } from 'zod'
import type { EngineAnswers } from '../engines/engine-answers.ts'
import type { NodeKeyPair } from '../node/node-key.ts'

const EVERY_MS = 30_000
const RETRY_MS = 5_000
/** Between two reports at least, however often something changes. */
const PAUSE_MS = 1_000
const LIMIT_MS = 10_000

const answer = z.object({ witnessUrls: z.array(z.url()).max(64) })
const refusal = z.object({ error: z.object({ message: z.string() }) })

export type ReportOptions = {
  /** Of the marketplace, as `join` was told it. */
  readonly apiUrl: string
  readonly nodeKey: NodeKeyPair
  readonly inventory: NodeInventory
  readonly models: readonly ServedModel[]
  /** What is behind them; a change of it is reported at once. */
  readonly answers: Pick<EngineAnswers, 'report' | 'onChange'>
  /** Called with every answer. */
  readonly witnesses: (urls: readonly string[]) => void
  readonly logger: Logger
}

/** Reports until it is stopped; a failure is logged once and tried again. */
export function reportToMarket(options: ReportOptions): { stop(): Promise<void> } {
  const stop = new AbortController()
  const running = run(options, stop.signal)
  return {
    async stop() {
      stop.abort()
      await running
    },
  }
}

async function run(options: ReportOptions, signal: AbortSignal): Promise<void> {
  let said = ''
  let wake = new AbortController()
  options.answers.onChange(() => wake.abort())
  while (!signal.aborted) {
    // Before the report is made: what changes while it is on its way is in the next one.
    wake = new AbortController()
    const trouble = await reportOnce(options, signal)
    if (trouble !== null && trouble !== said) options.logger.warn({ reason: trouble }, 'the marketplace took no report')
    said = trouble ?? ''
    const waiting = trouble === null ? AbortSignal.any([signal, wake.signal]) : signal
    await sleep(PAUSE_MS, undefined, { signal }).catch(() => {})
    await sleep((trouble === null ? EVERY_MS : RETRY_MS) - PAUSE_MS, undefined, { signal: waiting }).catch(() => {})
  }
}

/** Null when it was taken, else why not. */
async function reportOnce(options: ReportOptions, signal: AbortSignal): Promise<string | null> {
  const { apiUrl, nodeKey, inventory, models, answers } = options
  const engine = answers.report
  const report = { kind: 'agent', nodeKey: nodeKey.address, sentAtMs: Date.now(), inventory, models, engine }
  try {
    const response = await request(new URL('api/agent/report', apiUrl.endsWith('/') ? apiUrl : `${apiUrl}/`), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(signReport(report, nodeKey.privateKey)),
      headersTimeout: LIMIT_MS,
      bodyTimeout: LIMIT_MS,
      signal,
    })
    const body = await response.body.json()
    const taken = answer.safeParse(body)
    if (response.statusCode !== 200 || !taken.success) {
      return refusal.safeParse(body).data?.error.message ?? `HTTP ${response.statusCode}`
    }
    options.witnesses(taken.data.witnessUrls)
    return null
  } catch (error) {
    return signal.aborted ? null : error instanceof Error ? error.message : String(error)
  }
}
