/**
 * Counts tests in the JSON reports of vitest, forge and Playwright.
 *
 * A report that is missing, empty or says less than the exit code counts as one failure: a suite that could not run
 * must never look green.
 */
import { z } from 'zod'

export interface Counts {
  readonly passed: number
  readonly failed: number
}

const vitestReport = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numFailedTestSuites: z.number(),
  success: z.boolean(),
})

/** Vitest's and Jest's JSON. A file that fails before its first test has failed suites but no failed tests. */
export function readVitestReport(text: string): Counts {
  const report = vitestReport.parse(JSON.parse(text))
  const failed = report.numFailedTests || (report.success ? 0 : Math.max(1, report.numFailedTestSuites))
  return { passed: report.numPassedTests, failed }
}

const forgeReport = z.record(
  z.string(),
  z.object({ test_results: z.record(z.string(), z.object({ status: z.string() })) }),
)

/** `forge test --json` prints one object, possibly after lines of its compiler. */
export function readForgeReport(stdout: string): Counts {
  const line = stdout.split('\n').findLast((candidate) => candidate.startsWith('{'))
  const contracts = forgeReport.parse(JSON.parse(line ?? ''))
  const statuses = Object.values(contracts).flatMap(({ test_results }) =>
    Object.values(test_results).map(({ status }) => status),
  )
  const passed = statuses.filter((status) => status === 'Success').length
  return { passed, failed: statuses.filter((status) => status === 'Failure').length }
}

const playwrightReport = z.object({
  stats: z.object({ expected: z.number(), unexpected: z.number(), flaky: z.number() }),
})

/** A test that passes only when repeated counts as failed. */
export function readPlaywrightReport(text: string): Counts {
  const { stats } = playwrightReport.parse(JSON.parse(text))
  return { passed: stats.expected, failed: stats.unexpected + stats.flaky }
}

/** Reads a report, and holds it against the exit code. */
export function countsOf(read: () => Counts, exitCode: number): Counts {
  try {
    const counts = read()
    const ran = counts.passed + counts.failed > 0
    return { passed: counts.passed, failed: exitCode !== 0 || !ran ? Math.max(1, counts.failed) : counts.failed }
  } catch {
    return { passed: 0, failed: 1 }
  }
}
