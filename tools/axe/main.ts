/**
 * `npm run axe -- --json`: axe on every page, in both themes, signed in as whoever sees it, on a marketplace that was used.
 * Target: 0 violations of WCAG 2.2 A and AA and of axe's best practices.
 *
 * Pages are compared with the app's routes: one that was not visited, because it needs a lease or a dispute that was not to
 * be had, is named. Exits 1 on a violation, when a page does not answer as it should, and without `--only` on a route that
 * was not visited.
 */
import { globSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Browser, Page } from '@playwright/test'
import { Command } from 'commander'
import { openChromium } from '../chromium/open-chromium.ts'
import { endWithoutReader } from '../end-without-reader.ts'
import { projectRoot } from '../project-root.ts'
import { makeExamples } from '../screenshots/make-examples.ts'
import { openMarketplace } from '../screenshots/open-marketplace.ts'
import { pagesNamed, pagesOf, type PageToShow } from '../screenshots/pages.ts'
import { signInAs } from '../screenshots/sign-in-as.ts'

endWithoutReader()
const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
const themes = ['light', 'dark'] as const
/** They show nothing: each sends its visitor on to a page that is looked at. */
const redirects = ['/settings', '/receipts/[lane]']

interface Violation {
  page: string
  theme: string
  rule: string
  elements: string[]
}
interface Axe {
  withTags(tags: string[]): Axe
  analyze(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }>
}

const flags = new Command('npm run axe --')
  .description('axe on every page in both themes.')
  .option('--data-dir <dir>', 'of a marketplace that runs and was used; without it one is started and used')
  .option('--only <parts>', 'pages whose name contains one of these, between commas')
  .option('--json', 'one JSON object as the only line on stdout')
  .parse()
  .opts<{ dataDir?: string; only?: string; json?: true }>()

const say = (line: string) => process.stderr.write(`${line}\n`)
const ofBrowserTests = createRequire(join(projectRoot, 'e2e/package.json'))
const { AxeBuilder } = ofBrowserTests('@axe-core/playwright') as { AxeBuilder: new (on: { page: Page }) => Axe }

const { info, stop } = await openMarketplace(flags.dataDir, say)
try {
  const browser = await openChromium()
  try {
    await makeExamples(browser, info, say)
    const pages = pagesNamed(await pagesOf(info), flags.only)
    const violations = await checkAll(browser, pages)
    const result = { pages: pages.length, themes, violations, routesNotVisited: notVisited(pages) }
    process.stdout.write(`${JSON.stringify(result, null, flags.json ? undefined : 2)}\n`)
    const missing = flags.only === undefined ? result.routesNotVisited : []
    if (violations.length + missing.length > 0) process.exitCode = 1
  } finally {
    await browser.close()
  }
} finally {
  await stop()
}

async function checkAll(browser: Browser, pages: readonly PageToShow[]): Promise<Violation[]> {
  const violations: Violation[] = []
  for (const [role, ofRole] of Map.groupBy(pages, (page) => page.role)) {
    const context = await browser.newContext({ reducedMotion: 'reduce' })
    await signInAs(context, info, role)
    const page = await context.newPage()
    for (const each of ofRole) {
      const found = await check(page, each)
      violations.push(...found)
      say(`${each.name}: ${found.length}`)
    }
    await context.close()
  }
  return violations
}

async function check(page: Page, { name, path, wants = 200, prepare }: PageToShow): Promise<Violation[]> {
  const found: Violation[] = []
  for (const theme of themes) {
    // With reduced motion colours change at once; axe must not see one on its way.
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' })
    const response = await page.goto(`${info.url}${path}`, { waitUntil: 'load' })
    if (response?.status() !== wants) {
      found.push({ page: name, theme, rule: `answered ${response?.status()} instead of ${wants}`, elements: [path] })
      continue
    }
    const failure = await prepare?.(page).catch((error: unknown) => error)
    if (failure) {
      const words = failure instanceof Error ? failure.message : 'no reason was said'
      found.push({ page: name, theme, rule: `could not be prepared: ${words.slice(0, 200)}`, elements: [path] })
      continue
    }
    const { violations } = await new AxeBuilder({ page }).withTags(rules).analyze()
    for (const { id, nodes } of violations) {
      found.push({ page: name, theme, rule: id, elements: nodes.slice(0, 5).map(({ html }) => html.slice(0, 300)) })
    }
  }
  return found
}

/** Routes of the app that none of the pages is an instance of. */
function notVisited(pages: readonly PageToShow[]): string[] {
  const paths = pages.map(({ path }) => path.replace(/\?.*$/, ''))
  const routes = globSync('**/page.tsx', { cwd: join(projectRoot, 'apps/web/src/app') })
    .map((file) => `/${file.replace(/\/?page\.tsx$/, '')}`)
    .filter((route) => !redirects.includes(route))
    .toSorted()
  return routes.filter((route) => {
    const pattern = new RegExp(`^${route.replaceAll(/\[[^\]]+\]/g, '[^/]+')}$`)
    return !paths.some((path) => pattern.test(path))
  })
}
