/**
 * The suites of `npm test`, in order: cheap and telling ones first.
 *
 * Two files run at a time: the machine may have two cores, and integration tests wait more than they compute. That is why
 * the contracts are compiled and tested beside them, by one process and for a third of their time. What kills processes
 * under load has the machine to itself.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findChromium } from '../chromium/find-chromium.ts'
import { generateClient } from '../db/generate.ts'
import { lintSteps } from '../lint/steps.ts'
import { projectRoot } from '../project-root.ts'
import { runCommand } from '../run-command.ts'
import { checkCoverage } from '../test-contracts/check-coverage.ts'
import { runForge } from '../test-contracts/run-forge.ts'
import { countsOf, readForgeReport, readPlaywrightReport } from './read-reports.ts'
import { oneCheck, type Suite, type SuiteResult } from './suite.ts'
import { filesOf, hangsAfterMs, vitest } from './vitest.ts'

/** Suites one after the other. */
type Track = readonly Suite[]

const checks: Track = [
  { name: 'generate', title: 'Prisma client', run: generate },
  ...lintSteps(projectRoot).map(({ name, run }): Suite => ({
    name: 'lint',
    title: name,
    run: async () => {
      const { ok, output } = await run()
      return oneCheck(ok, output)
    },
  })),
  { name: 'unit', title: 'unit and property tests', run: unit },
]
const forge: Track = [
  { name: 'contracts', title: 'contracts: behaviours, attacks, fuzzing, invariants (forge)', run: contracts },
  { name: 'coverage', title: 'contracts: coverage', run: coverage },
  { name: 'abis', title: 'contracts: committed ABIs are those of the sources', run: abis },
  { name: 'gas', title: 'contracts: gas against the snapshot', run: gas },
]
const integration: Track = [{ name: 'integration', title: 'integration tests', run: () => vitest('integration') }]
const processes: Track = [
  { name: 'chaos', title: 'chaos: kill -9 under load', run: () => vitest('chaos') },
  { name: 'e2e', title: 'browser flows (Playwright)', run: playwright },
]

/** Stages one after the other; the tracks of a stage side by side. */
export const stages: readonly (readonly Track[])[] = [[checks], [forge, integration], [processes]]

async function generate(): Promise<SuiteResult> {
  try {
    await generateClient()
    return oneCheck(true, '')
  } catch (error) {
    return oneCheck(false, String(error))
  }
}

/**
 * Without the optimizer, which works for minutes on tests that each embed the whole marketplace. What is deployed is
 * optimised, and is what the suites `abis` and `gas` and the integration tests run; so does `npm run test:contracts`.
 */
const quickForge = { env: { FOUNDRY_OPTIMIZER: 'false' }, limitMs: hangsAfterMs }

async function contracts(): Promise<SuiteResult> {
  const { code, stdout, output } = await runForge(['test', '--json'], quickForge)
  const counts = countsOf(() => readForgeReport(stdout), code)
  // The JSON of a failed run is unreadable: show forge's own report instead.
  const shown = counts.failed > 0 ? (await runForge(['test'], quickForge)).output : output
  return { ...counts, output: shown }
}

async function coverage(): Promise<SuiteResult> {
  const { ok, text } = await checkCoverage()
  return oneCheck(ok, text)
}

function abis(): Promise<SuiteResult> {
  return tool('contracts/tools/export-abis.ts', '--check')
}

function gas(): Promise<SuiteResult> {
  return tool('tools/bench-gas/main.ts', '--check')
}

/** One of our own tools, as one check. */
async function tool(file: string, ...args: string[]): Promise<SuiteResult> {
  const command = [join(projectRoot, file), ...args]
  const { code, output } = await runCommand(process.execPath, command, { cwd: projectRoot, limitMs: hangsAfterMs })
  return oneCheck(code === 0, output)
}

/**
 * Unit tests keep nothing in their modules, so a worker loads each module once instead of once a file. Those that
 * replace the clock would replace it for whatever an earlier file of the same worker left running: they stay apart.
 */
async function unit(): Promise<SuiteResult> {
  const replacesClock = (file: string) => readFileSync(join(projectRoot, file), 'utf8').includes('useFakeTimers')
  const files = filesOf('unit')
  const apart = await vitest('unit', files.filter(replacesClock))
  const together = await vitest(
    'unit',
    files.filter((file) => !replacesClock(file)),
    { flags: ['--no-isolate'] },
  )
  return {
    passed: apart.passed + together.passed,
    failed: apart.failed + together.failed,
    output: [apart, together].flatMap(({ failed, output }) => (failed > 0 ? [output] : [])).join('\n'),
  }
}

async function playwright(): Promise<SuiteResult> {
  const cwd = join(projectRoot, 'e2e')
  if (!existsSync(join(cwd, 'playwright.config.ts'))) return oneCheck(false, 'e2e/playwright.config.ts is missing')
  const chromium = await findChromium()
  if (chromium.kind === 'none') return oneCheck(false, chromium.line)
  const scratch = mkdtempSync(join(tmpdir(), 'isochrone-report-'))
  const report = join(scratch, 'report.json')
  try {
    const env = {
      PLAYWRIGHT_JSON_OUTPUT_FILE: report,
      PLAYWRIGHT_JSON_OUTPUT_NAME: report,
      ...(chromium.kind === 'path' && { CHROMIUM_PATH: chromium.path }),
    }
    const bin = join(projectRoot, 'node_modules/.bin/playwright')
    const { code, output } = await runCommand(bin, ['test', '--reporter=list,json'], {
      cwd,
      env,
      limitMs: hangsAfterMs,
    })
    return { ...countsOf(() => readPlaywrightReport(readFileSync(report, 'utf8')), code), output }
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}
