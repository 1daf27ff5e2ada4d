import { expect, test } from 'vitest'
import { countsOf, readForgeReport, readPlaywrightReport, readVitestReport } from './read-reports.ts'

test('vitest: a file that does not even load is a failure', () => {
  const report = { numPassedTests: 3, numFailedTests: 0, numFailedTestSuites: 1, success: false }
  expect(readVitestReport(JSON.stringify(report))).toEqual({ passed: 3, failed: 1 })
  expect(readVitestReport(JSON.stringify({ ...report, numFailedTestSuites: 0, success: true })).failed).toBe(0)
})

test('forge: successes and failures are counted over all contracts, past what the compiler says', () => {
  const report = {
    'test/A.t.sol:A': { test_results: { 'testOne()': { status: 'Success' }, 'testTwo()': { status: 'Failure' } } },
    'test/B.t.sol:B': { test_results: { 'testThree()': { status: 'Success' } } },
  }
  expect(readForgeReport(`Compiling 3 files\n${JSON.stringify(report)}\n`)).toEqual({ passed: 2, failed: 1 })
})

test('Playwright: a flaky test is a failed one', () => {
  const stats = { expected: 4, unexpected: 1, flaky: 2 }
  expect(readPlaywrightReport(JSON.stringify({ stats }))).toEqual({ passed: 4, failed: 3 })
})

/** A suite that could not run must never look green. */
test('no report, no tests, or a bad exit code is at least one failure', () => {
  expect(countsOf(() => readVitestReport(''), 0)).toEqual({ passed: 0, failed: 1 })
  expect(countsOf(() => ({ passed: 0, failed: 0 }), 0)).toEqual({ passed: 0, failed: 1 })
  expect(countsOf(() => ({ passed: 5, failed: 0 }), 1)).toEqual({ passed: 5, failed: 1 })
  expect(countsOf(() => ({ passed: 5, failed: 0 }), 0)).toEqual({ passed: 5, failed: 0 })
})
