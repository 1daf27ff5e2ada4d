/** Runs the project's vitest files, whole kinds or some of them, and counts what came of it. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { projectRoot } from '../project-root.ts'
import { runCommand } from '../run-command.ts'
import { countsOf, readVitestReport } from './read-reports.ts'
import { oneCheck, type SuiteResult } from './suite.ts'

export type VitestKind = 'unit' | 'integration' | 'chaos' | 'cheats'

export interface VitestOptions {
  /** More of vitest's own flags. */
  readonly flags?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Sees what is printed as it comes. */
  readonly onOutput?: (chunk: string) => void
}

const suffixes: Record<VitestKind, RegExp> = {
  unit: /^(?!.*\.(integration|chaos|cheats)\.test\.ts$).*\.test\.ts$/,
  integration: /\.integration\.test\.ts$/,
  chaos: /\.chaos\.test\.ts$/,
  /** No part of `npm test`: a whole market, which takes minutes. */
  cheats: /\.cheats\.test\.ts$/,
}

/** Paths from the project's root. */
export function filesOf(kind: VitestKind): string[] {
  return ['packages', 'apps', 'tools'].flatMap((dir) => testFiles(dir, suffixes[kind]))
}

/** A suite that takes longer hangs. It is far above what a busy machine needs: a suite that is killed names no test. */
export const hangsAfterMs = 5_400_000

export async function vitest(
  kind: VitestKind,
  files = filesOf(kind),
  { flags: more = [], env = {}, onOutput }: VitestOptions = {},
): Promise<SuiteResult> {
  if (files.length === 0) return oneCheck(false, `there are no ${kind} tests`)
  const scratch = mkdtempSync(join(tmpdir(), 'isochrone-report-'))
  const report = join(scratch, 'report.json')
  const flags = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...more]
  // Servers, chains and command-line tools start in these.
  if (kind !== 'unit') flags.push('--testTimeout=180000')
  if (kind === 'chaos' || kind === 'cheats') flags.push('--no-file-parallelism')
  try {
    const bin = join(projectRoot, 'node_modules/.bin/vitest')
    const options = { cwd: projectRoot, limitMs: hangsAfterMs, env, ...(onOutput && { onOutput }) }
    const { code, output } = await runCommand(bin, [...flags, ...files], options)
    return { ...countsOf(() => readVitestReport(readFileSync(report, 'utf8')), code), output }
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

const ignored = new Set(['node_modules', 'generated', '.next'])

function testFiles(dir: string, pattern: RegExp): string[] {
  return readdirSync(join(projectRoot, dir), { withFileTypes: true }).flatMap((entry) => {
    const path = `${dir}/${entry.name}`
    if (entry.isDirectory()) return ignored.has(entry.name) ? [] : testFiles(path, pattern)
    return pattern.test(entry.name) ? [path] : []
  })
}
