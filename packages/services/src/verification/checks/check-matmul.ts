/**
 * The answer to the int8 challenge, as a witness saw it. Time and device are kept and not judged: at an order whose product is
 * shown whole a CPU is as fast as a GPU and its library, and which of them computed is the node's own word.
 */
import type { MatmulComputed, MatmulReport, SignedReport } from '@isochrone/protocol'
import type { CheckResult } from './check-result.ts'

/** `reports`: signed by witnesses that are known; the newest of each. */
export function checkMatmul(reports: readonly SignedReport<MatmulReport>[]): CheckResult {
  const result = { kind: 'matmul', inputs: { reports }, simulated: false } as const
  const answered = reports.filter(({ report }) => report.commitment !== null)
  const wrong = answered.filter(({ report }) => !report.correct)
  // Arithmetic has no bad luck, but memory has: one wrong product is asked again, two are no accident.
  if (wrong.length >= 2) {
    return {
      ...result,
      verdict: 'invalid',
      finding: `${wrong.length} of ${answered.length} products were wrong.`,
      fix: 'Run an unmodified agent; if it is, test the memory of this machine.',
    }
  }
  if (answered.length === 0 || wrong.length > 0) {
    return {
      ...result,
      verdict: 'unverifiable',
      finding: answered.length === 0 ? 'No challenge was answered.' : 'One product was wrong; it is asked again.',
      fix: 'Keep the agent running, with --witness naming a witness that it can reach.',
    }
  }
  const [fastest] = answered.map(({ report }) => report).toSorted((a, b) => (a.elapsedUs ?? 0) - (b.elapsedUs ?? 0))
  const tookMs = ((fastest?.elapsedUs ?? 0) / 1000).toFixed(1)
  return {
    ...result,
    verdict: 'valid',
    finding: `An exact product of order ${fastest?.order} in ${tookMs} ms${byWhom(fastest?.computed)}.`,
    fix: null,
  }
}

function byWhom(computed: MatmulComputed | undefined): string {
  if (!computed) return ''
  if (computed.by === 'portable') return ", by the agent's own code on its CPU"
  return `, by its helper on ${computed.devices.length === 1 ? 'one device' : `${computed.devices.length} devices`} as it says`
}
