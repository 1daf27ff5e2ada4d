/** The sentence above a list of checks: it says no more than what they found. */
import type { BrowserCheck } from '../page/browser-check.ts'

/** @param subject `receipt`. @param checks null while they run. */
export function checksHeadline(subject: string, checks: readonly BrowserCheck[] | null): string {
  if (checks === null) return 'Checking hashes and signatures in your browser…'
  const countOf = (verdict: BrowserCheck['verdict']): number =>
    checks.filter((check) => check.verdict === verdict).length
  if (countOf('invalid') > 0) return `This ${subject} does not hold: see the check that failed.`
  const [held, open] = [countOf('valid'), countOf('unverifiable')]
  if (open === 0) return 'Verified in your browser: every hash and signature below was computed here.'
  if (held === 0) return 'Nothing could be checked in your browser: why, it says below.'
  return `Partly verified in your browser: ${held} of ${held + open} checks hold, the others could not be made: why, it says below.`
}

/** What is shown when the checks themselves could not run. */
export function notRun(error: unknown): BrowserCheck[] {
  const why = (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? ''
  const detail = `They could not be run here (${why}). Load the page again, or use verify-epoch.`
  return [{ name: 'Checks in your browser', verdict: 'unverifiable', detail }]
}
