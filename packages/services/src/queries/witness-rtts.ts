/** Round trips that witnesses signed, out of the reports under a node's verdict on its region. */
import { z } from 'zod'
import type { WitnessRtt } from './views/offers.ts'

const report = z.object({
  report: z.object({
    minRttUs: z.number().nullable(),
    simulated: z.boolean(),
    witness: z.object({ name: z.string().max(200) }),
  }),
})
const WITNESSES_MAX = 32

/** The nearest first. What is no report is left out. */
export function witnessRtts(reports: unknown): WitnessRtt[] {
  if (!Array.isArray(reports)) return []
  const nearest = new Map<string, WitnessRtt>()
  for (const each of reports.slice(0, WITNESSES_MAX)) {
    const parsed = report.safeParse(each).data?.report
    if (!parsed || parsed.minRttUs === null) continue
    const rtt = { witness: parsed.witness.name, rttMs: parsed.minRttUs / 1_000, simulated: parsed.simulated }
    const known = nearest.get(rtt.witness)
    if (!known || rtt.rttMs < known.rttMs) nearest.set(rtt.witness, rtt)
  }
  return [...nearest.values()].toSorted((a, b) => a.rttMs - b.rttMs)
}
