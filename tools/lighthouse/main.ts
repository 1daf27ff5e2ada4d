/**
 * `npm run lighthouse -- --json`: Lighthouse's four scores of every public page, on the production build of a marketplace
 * that was used. Target: 95 in each category on each page.
 *
 * Lighthouse's own default is kept: a phone, with its network and processor simulated from what was measured here. A page
 * is measured several times and the middle run counts, because a score of speed on a busy machine scatters. Exits 1 when
 * a score is below the target.
 */
import { freePort } from '@isochrone/local-stack'
import { Command, InvalidArgumentError } from 'commander'
import lighthouse from 'lighthouse'
import { openChromium } from '../chromium/open-chromium.ts'
import { endWithoutReader } from '../end-without-reader.ts'
import { openMarketplace } from '../screenshots/open-marketplace.ts'
import { pagesOf } from '../screenshots/pages.ts'

endWithoutReader()
const TARGET = 95
const categories = ['performance', 'accessibility', 'best-practices', 'seo'] as const
type Scores = Record<(typeof categories)[number], number>

/** What the score of speed is made of: audits whose value is in milliseconds, and one without a unit. */
const speedAudits = {
  firstContentfulPaintMs: 'first-contentful-paint',
  largestContentfulPaintMs: 'largest-contentful-paint',
  speedIndexMs: 'speed-index',
  totalBlockingTimeMs: 'total-blocking-time',
  cumulativeLayoutShift: 'cumulative-layout-shift',
} as const
type Speed = Record<keyof typeof speedAudits, number>

interface PageResult {
  name: string
  path: string
  scores: Scores
  speed: Speed
  /** How fast this machine was during the run, by Lighthouse's own loop: a page is slowed from there. A desktop: 1,500 to 2,000. */
  benchmarkIndex: number
  /** Audits that are not perfect, with their share of the category's score. */
  lost: { category: string; audit: string; score: number }[]
  holds: boolean
}

const flags = new Command('npm run lighthouse --')
  .description('Lighthouse on every public page of a used marketplace.')
  .option('--data-dir <dir>', 'of a marketplace that runs and was used; without it one is started and used')
  .option('--runs <n>', 'of each page; the middle one counts', odd, 3)
  .option('--only <part>', 'pages whose name contains this')
  .option('--json', 'one JSON object as the only line on stdout')
  .parse()
  .opts<{ dataDir?: string; runs: number; only?: string; json?: true }>()

const say = (line: string) => process.stderr.write(`${line}\n`)

const { info, stop } = await openMarketplace(flags.dataDir, say)
try {
  const port = await freePort()
  const browser = await openChromium([`--remote-debugging-port=${port}`])
  try {
    const pages = await measureAll(port)
    const result = { target: TARGET, runs: flags.runs, pages, holds: pages.every(({ holds }) => holds) }
    process.stdout.write(`${JSON.stringify(result, null, flags.json ? undefined : 2)}\n`)
    if (!result.holds) process.exitCode = 1
  } finally {
    await browser.close()
  }
} finally {
  await stop()
}

async function measureAll(port: number): Promise<PageResult[]> {
  const results: PageResult[] = []
  for (const { name, path, role, wants = 200 } of await pagesOf(info)) {
    // What only developers see is no public page.
    if (role !== 'visitor' || wants !== 200 || name === 'design' || (flags.only && !name.includes(flags.only))) continue
    const runs: PageResult[] = []
    for (let run = 0; run < flags.runs; run++) runs.push(await measure(port, name, path))
    const sum = ({ scores }: PageResult) => scores.performance
    const middle = runs.toSorted((a, b) => sum(a) - sum(b))[Math.floor(runs.length / 2)]
    if (!middle) throw new Error(`${name} was not measured.`)
    say(`${name}: ${categories.map((category) => `${category} ${middle.scores[category]}`).join(', ')}`)
    say(`  ${lineOf(middle)}`)
    results.push(middle)
  }
  return results
}

async function measure(port: number, name: string, path: string): Promise<PageResult> {
  const outcome = await lighthouse(`${info.url}${path}`, { port, output: 'json', logLevel: 'error' })
  if (!outcome) throw new Error(`Lighthouse gave no report of ${path}.`)
  const { lhr } = outcome
  if (lhr.runtimeError) throw new Error(`${path}: ${lhr.runtimeError.message}`)
  const scores = Object.fromEntries(
    categories.map((category) => [category, Math.round((lhr.categories[category]?.score ?? 0) * 100)]),
  ) as Scores
  const speed = Object.fromEntries(
    Object.entries(speedAudits).map(([key, audit]) => [key, Number(lhr.audits[audit]?.numericValue?.toFixed(3))]),
  ) as Speed
  const lost = categories.flatMap((category) =>
    (lhr.categories[category]?.auditRefs ?? []).flatMap(({ id, weight }) => {
      const score = lhr.audits[id]?.score ?? null
      return weight > 0 && score !== null && score < 0.9 ? [{ category, audit: id, score }] : []
    }),
  )
  const { benchmarkIndex } = lhr.environment
  const holds = categories.every((category) => scores[category] >= TARGET)
  return { name, path, scores, speed, benchmarkIndex, lost, holds }
}

function lineOf({ speed, benchmarkIndex }: PageResult): string {
  const ms = (value: number) => `${Math.round(value)} ms`
  return `first paint ${ms(speed.firstContentfulPaintMs)}, largest ${ms(speed.largestContentfulPaintMs)}, blocked ${ms(speed.totalBlockingTimeMs)}, speed index ${ms(speed.speedIndexMs)}, machine ${benchmarkIndex}`
}

function odd(text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 1 && value <= 15 && value % 2 === 1) return value
  throw new InvalidArgumentError('an odd number from 1 to 15')
}
