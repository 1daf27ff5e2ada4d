/** Round trips that witnesses signed, out of the reports under a node's verdict on its region. */
import { z } from 'zod'
import type { WitnessEchoes } from './views/offers.ts'

const count = z.int().min(0).nullable().catch(null)
const report = z.object({
  report: z.object({
    minRttUs: z.number().nullable(),
    jitterUs: count,
    sent: count,
    lost: count,
    simulated: z.boolean(),
    atMs: z.number(),
    witness: z.object({ name: z.string().max(200), simulated: z.boolean().optional() }),
  }),
})
const WITNESSES_MAX = 32

/** The nearest first. What is no report is left out. */
export function witnessRtts(reports: unknown): WitnessEchoes[] {
  if (!Array.isArray(reports)) return []
  const nearest = new Map<string, WitnessEchoes>()
  for (const each of reports.slice(0, WITNESSES_MAX)) {
    const parsed = report.safeParse(each).data?.report
    if (!parsed || parsed.minRttUs === null) continue
    const { jitterUs, sent, lost } = parsed
    const rtt = {
      witness: parsed.witness.name,
      rttMs: parsed.minRttUs / 1_000,
      jitterMs: jitterUs === null ? null : jitterUs / 1_000,
      sent,
      lost,
      simulated: parsed.simulated || parsed.witness.simulated === true,
      measuredAtMs: parsed.atMs,
    }
    const known = nearest.get(rtt.witness)
    if (!known || rtt.rttMs < known.rttMs) nearest.set(rtt.witness, rtt)
  }
  return [...nearest.values()].toSorted((a, b) => a.rttMs - b.rttMs)
}
