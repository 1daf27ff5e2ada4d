/**
 * Measures the coverage of `contracts/src` and holds it against the least that is asked.
 *
 * Invariant runs are left out: what only chance covers is not covered.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { COVERAGE_MIN, coverageTable, readLcovFile, shareOf, totalOf } from './coverage.ts'
import { runForge } from './run-forge.ts'

export interface CoverageCheck {
  readonly ok: boolean
  /** The table and the verdict, or what forge said when it could not measure. */
  readonly text: string
  readonly lines: number
  readonly branches: number
}

export async function checkCoverage(): Promise<CoverageCheck> {
  const scratch = mkdtempSync(join(tmpdir(), 'isochrone-coverage-'))
  try {
    const report = join(scratch, 'lcov.info')
    const scratchFlags = ['--out', join(scratch, 'out'), '--cache-path', join(scratch, 'cache')]
    const reportFlags = ['--report', 'lcov', '--report-file', report, '--no-match-path', 'test/invariant/*']
    const { code, output } = await runForge(['coverage', ...scratchFlags, ...reportFlags])
    if (code !== 0) return { ok: false, text: `forge coverage failed:\n${output}`, lines: 0, branches: 0 }
    const files = readLcovFile(report)
    const [lines, branches] = [shareOf(totalOf(files, 'lines')), shareOf(totalOf(files, 'branches'))]
    const ok = files.length > 0 && lines >= COVERAGE_MIN && branches >= COVERAGE_MIN
    const verdict = ok ? 'reached' : 'NOT reached'
    return {
      ok,
      text: `${coverageTable(files)}\n${100 * COVERAGE_MIN} % of lines and of branches: ${verdict}`,
      lines,
      branches,
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}
