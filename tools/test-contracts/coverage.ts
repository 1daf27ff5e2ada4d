/**
 * Line and branch coverage of `contracts/src`, from the lcov report of `forge coverage`.
 *
 * Tests and their helpers are left out; every contract and library that is deployed or linked counts.
 */
import { readFileSync } from 'node:fs'
import { z } from 'zod'

export interface Covered {
  readonly hit: number
  readonly found: number
}

export interface FileCoverage {
  readonly file: string
  readonly lines: Covered
  readonly branches: Covered
  /** Lines that no test ran. */
  readonly missedLines: readonly number[]
  /** Lines with a branch that no test took. */
  readonly missedBranches: readonly number[]
}

/** The least share of lines and of branches that the tests must reach. */
export const COVERAGE_MIN = 0.98

const record = z.tuple([z.string()]).rest(z.string())

/** One entry for each file below `src/` in an lcov text (format: geninfo(1)). */
export function readLcov(text: string): FileCoverage[] {
  return text
    .split('end_of_record')
    .map((part) => part.trim().split('\n'))
    .filter((lines) => lines.some((line) => /^SF:(.*\/)?src\//.test(line)))
    .map(fileCoverage)
    .toSorted((a, b) => a.file.localeCompare(b.file))
}

export function readLcovFile(path: string): FileCoverage[] {
  return readLcov(readFileSync(path, 'utf8'))
}

export function totalOf(files: readonly FileCoverage[], part: 'lines' | 'branches'): Covered {
  return files.reduce((sum, file) => ({ hit: sum.hit + file[part].hit, found: sum.found + file[part].found }), {
    hit: 0,
    found: 0,
  })
}

/** 1 where there is nothing to cover. */
export const shareOf = ({ hit, found }: Covered): number => (found === 0 ? 1 : hit / found)

/** A table for people, with what was missed beside each file. */
export function coverageTable(files: readonly FileCoverage[]): string {
  const percent = (covered: Covered) => `${(100 * shareOf(covered)).toFixed(1).padStart(5)} %`
  const rows = files.map(({ file, lines, branches, missedLines, missedBranches }) => {
    const missed = [
      missedLines.length > 0 ? `lines ${missedLines.join(', ')}` : '',
      missedBranches.length > 0 ? `branches at ${missedBranches.join(', ')}` : '',
    ].filter(Boolean)
    return `${file.padEnd(38)} ${percent(lines)}  ${percent(branches)}  ${missed.join('; ')}`.trimEnd()
  })
  const total = `${'contracts/src'.padEnd(38)} ${percent(totalOf(files, 'lines'))}  ${percent(totalOf(files, 'branches'))}`
  return [`${'file'.padEnd(38)}   lines  branches  missed`, ...rows, total].join('\n')
}

function fileCoverage(report: readonly string[]): FileCoverage {
  const file = report.find((line) => line.startsWith('SF:'))?.replace(/^SF:(.*\/)?(?=src\/)/, '') ?? ''
  const lines = valuesOf(report, 'DA:').map(([line, hits]) => ({ line: Number(line), hit: Number(hits) > 0 }))
  const branches = valuesOf(report, 'BRDA:').map(([line, , , taken]) => ({
    line: Number(line),
    hit: taken !== '-' && Number(taken) > 0,
  }))
  const missed = (items: readonly { line: number; hit: boolean }[]) => [
    ...new Set(items.filter(({ hit }) => !hit).map(({ line }) => line)),
  ]
  return {
    file,
    lines: { hit: lines.filter(({ hit }) => hit).length, found: lines.length },
    branches: { hit: branches.filter(({ hit }) => hit).length, found: branches.length },
    missedLines: missed(lines),
    missedBranches: missed(branches),
  }
}

function valuesOf(report: readonly string[], key: string): string[][] {
  return report.filter((line) => line.startsWith(key)).map((line) => record.parse(line.slice(key.length).split(',')))
}
