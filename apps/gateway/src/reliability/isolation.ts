/** The scenario of a tenant that sends a hundred times its share, and what must hold of it. */
import { measureIsolation, QUIET_TENANTS, type Isolation, type Times } from './measure-isolation.ts'
import { must, type Row } from './scenario.ts'

export const ISOLATION_PLAN = { nodes: 4, rounds: 6, roundMs: 8_000 }
/** Share by which the p99 of others' first tokens may move. */
export const MOVED_MAX = 0.1

/** What does not hold, in words; empty = it holds. */
export function isolationFaults({ quietRefused, flood, floodWanted, moved }: Isolation): string[] {
  return [
    ...(Object.keys(quietRefused).length > 0 ? ['quiet tenants were refused'] : []),
    ...(flood.sent + flood.heldBack <= 0.9 * floodWanted ? ['the flood was not sent'] : []),
    ...(moved < MOVED_MAX ? [] : [`the p99 of the first token moved by ${MOVED_MAX * 100} % or more`]),
  ]
}

export async function isolation(): Promise<Row> {
  const seen = await measureIsolation(ISOLATION_PLAN)
  const { alone, control, flooded, moved, flood } = seen
  const faults = isolationFaults(seen)
  must(faults.length === 0, `nothing of: ${faults.join('; ')}`, seen)
  const words = ({ p50, p99 }: Times): string => `${p50.toFixed(1)}/${p99.toFixed(1)}`
  return {
    client: `first token p50/p99 ${words(alone)} ms alone, ${words(control)} ms with its share sent here, ${words(flooded)} ms with a hundred times as much: p99 ${(100 * moved).toFixed(1)} % (target < 10 %)`,
    billed: `each tenant its own; the loud one had ${flood.statuses['200'] ?? 0} of ${flood.sent} answered, the rest 429`,
    kept: `${alone.requests}, ${control.requests} and ${flooded.requests} requests of ${QUIET_TENANTS} quiet tenants, all served`,
  }
}
