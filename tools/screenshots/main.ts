/**
 * `npm run screenshots`: every page, in both themes, at 390, 1280 and 1920 px, of a marketplace that was really used.
 *
 * It starts a marketplace of its own (or uses a running one: `--url`, `--data-dir`), sends requests as a customer would,
 * waits until their receipts are settled, and photographs what a visitor, a team, a provider and an admin see.
 */
import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, Page } from '@playwright/test'
import { Command } from 'commander'
import { openChromium } from '../chromium/open-chromium.ts'
import { projectRoot } from '../project-root.ts'
import { makeExamples } from './make-examples.ts'
import { openMarketplace } from './open-marketplace.ts'
import { pagesNamed, pagesOf, type PageToShow } from './pages.ts'
import { signInAs } from './sign-in-as.ts'
import { useMarketplace } from './use-marketplace.ts'

const widths = [390, 1280, 1920] as const
const themes = ['light', 'dark'] as const
/** A page higher than this is cut: nobody reads a longer picture. */
const HEIGHT_MAX = 6_000

const flags = new Command('npm run screenshots --')
  .description('Pictures of every page in both themes at three widths.')
  .option('--out <dir>', 'where they go', join(projectRoot, '.data/screenshots'))
  .option('--data-dir <dir>', 'of a marketplace that runs; without it one is started')
  .option('--only <parts>', 'pages whose name contains one of these, between commas')
  .parse()
  .opts<{ out: string; dataDir?: string; only?: string }>()

const out = resolve(flags.out)
const say = (line: string) => process.stderr.write(`${line}\n`)
mkdirSync(out, { recursive: true })

const { info, stop } = await openMarketplace(flags.dataDir, say)
try {
  if (flags.dataDir) await useMarketplace(info, say)
  const browser = await openChromium()
  try {
    await makeExamples(browser, info, say)
    const taken = await photographAll(browser)
    process.stdout.write(`${taken} pictures in ${out}\n`)
  } finally {
    await browser.close()
  }
} finally {
  await stop()
}

async function photographAll(browser: Browser): Promise<number> {
  let taken = 0
  for (const [role, pages] of Map.groupBy(await pagesOf(info), (page) => page.role)) {
    const context = await browser.newContext({ reducedMotion: 'reduce' })
    await signInAs(context, info, role)
    const page = await context.newPage()
    for (const each of pagesNamed(pages, flags.only)) {
      taken += await photograph(page, each)
    }
    await context.close()
  }
  return taken
}

/** A page that answers with an error is said, and not photographed. */
async function photograph(page: Page, { name, path, wants = 200, prepare }: PageToShow): Promise<number> {
  for (const colorScheme of themes) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    const response = await page.goto(`${info.url}${path}`)
    if (response?.status() !== wants) throw new Error(`${path} answered ${response?.status()} instead of ${wants}.`)
    await prepare?.(page)
    for (const width of widths) {
      await page.setViewportSize({ width, height: 900 })
      await page.evaluate('document.fonts.ready')
      const height = await page.evaluate<number>('document.documentElement.scrollHeight')
      await page.setViewportSize({ width, height: Math.min(HEIGHT_MAX, Math.max(900, height)) })
      // Charts draw after their size is known.
      await sleep(250)
      const wide = await page.evaluate<number>('document.documentElement.scrollWidth')
      if (wide > width) say(`${path} is ${wide} px wide at ${width} px.`)
      await page.screenshot({ path: join(out, `${name}-${width}-${colorScheme}.png`) })
    }
  }
  say(name)
  return themes.length * widths.length
}
