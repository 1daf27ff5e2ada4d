/**
 * Several nodes in one process, for measurements on a small machine: an agent for each, whole, before an engine that only keeps
 * time. It runs until it is stopped.
 *
 * In turns its nodes may be slow for a while. Each second it says how late its event loop was, as a line of JSON: what this
 * process is late with looks like slow engines to gateways.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { curveOf, type PerfCurve } from '@isochrone/perf-model'
import { createLogger } from '@isochrone/runtime'
import { z } from 'zod'
import { startAgent } from '../agent.ts'
import { serveOpenAi } from '../engines/serve-openai.ts'
import { createSimulatedBackend } from '../engines/simulated-backend.ts'

const planSchema = z.object({
  /** Of each node, with its `node.key`. */
  dirs: z.array(z.string()).min(1).max(16),
  gatewayUrls: z.array(z.url()).min(1).max(16),
  concurrencyMax: z.int().min(1),
  /** Simulated round trip of each link. */
  rttMs: z.number().min(0),
  /** Time of a token whatever the load; null: as the curve of eight H200 has it. */
  tpotMs: z.number().positive().nullable(),
  /** Every so often the next node takes this long for a token, for a while. */
  slow: z
    .object({ everyMs: z.number().positive(), forMs: z.number().positive(), tpotMs: z.number().positive() })
    .nullable(),
  /** Whether gateways hear of long prompts when they come. */
  tellsOfPrompts: z.boolean(),
})
export type NodesPlan = z.infer<typeof planSchema>

const plan = planSchema.parse(JSON.parse(process.argv[2] ?? ''))
const MODEL = 'timed'
const base = curveOf('H200', 8, 'fp8')
const fixed = (tpotMs: number) => ({ tpotBaseMs: tpotMs, tpotPerSequenceMs: 0, tpotPerSequenceTokenMs: 0 })
const usual = plan.tpotMs === null ? base : { ...base, ...fixed(plan.tpotMs) }
const curves: PerfCurve[] = plan.dirs.map(() => ({ ...usual }))

for (const [index, dataDir] of plan.dirs.entries()) {
  const curve = curves[index] as PerfCurve
  const { concurrencyMax, gatewayUrls, rttMs, tellsOfPrompts } = plan
  // Engines of others do not say what waits in them.
  const engine = createSimulatedBackend({ modelId: MODEL, curve, sequences: concurrencyMax, queueMax: concurrencyMax })
  const { url: baseUrl } = await serveOpenAi(engine)
  await startAgent({
    dataDir,
    gatewayUrls,
    findGateways: false,
    engine: {
      kind: 'openai',
      baseUrl,
      apiKey: undefined,
      engineModel: MODEL,
      modelId: undefined,
      modelHash: undefined,
      contextTokensMax: 131_072,
    },
    concurrencyMax,
    simulatedNetwork: { rttMs, jitterMs: 0, seed: index + 1 },
    tellsOfPrompts,
    logger: createLogger('agent', 'warn'),
  })
}

if (plan.slow) {
  const { everyMs, forMs, tpotMs } = plan.slow
  let turn = 0
  setInterval(() => {
    const curve = curves[turn++ % curves.length] as PerfCurve
    Object.assign(curve, fixed(tpotMs))
    setTimeout(() => Object.assign(curve, usual), forMs)
  }, everyMs)
}

const delay = monitorEventLoopDelay({ resolution: 10 })
delay.enable()
setInterval(() => {
  process.stdout.write(`${JSON.stringify({ atMs: Date.now(), lateMsMax: Math.round(delay.max / 1e6) })}\n`)
  delay.reset()
}, 1_000)
process.once('SIGTERM', () => process.exit(0))
