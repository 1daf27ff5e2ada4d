/** The answer to the int8 challenge, as a witness saw it. The time is kept and not judged: this portable kernel runs on a CPU. */
import type { MatmulReport, SignedReport } from '@isochrone/protocol'
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
  const fastestMs = Math.min(...answered.map(({ report }) => report.elapsedUs ?? Infinity)) / 1000
  return {
    ...result,
    verdict: 'valid',
    finding: `An exact product of order ${answered[0]?.report.order} in ${fastestMs.toFixed(1)} ms.`,
    fix: null,
  }
}
