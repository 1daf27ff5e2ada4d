/** What is done on a page before it is looked at: what only a person's hand brings forth. */
import type { Page } from '@playwright/test'

const WAIT = { timeout: 60_000 }

/** Asks the playground something and waits until the answer is whole. */
export const askPlayground = (model: string) => async (page: Page) => {
  await send(page, model)
  await page.getByText('Complete.', { exact: true }).waitFor(WAIT)
}

/** A price that nobody asks: the gateway refuses, and says what would help. */
export const beRefused = (model: string) => async (page: Page) => {
  await page.getByLabel('Output price').fill('0.000001')
  await send(page, model)
  await page.getByText('Failed.', { exact: true }).waitFor(WAIT)
}

async function send(page: Page, model: string): Promise<void> {
  // Leases stand first, and have no price.
  await page.getByLabel('Model').selectOption(model)
  await page.getByLabel('Longest answer').fill('24')
  await page.getByLabel('Prompt').fill('Name three cities that a train reaches from Amsterdam in three hours.')
  await page.getByRole('button', { name: 'Send' }).click()
}

/** Presses the first button of this name; what it opens is a dialog. */
export const openDialog = (button: string | RegExp) => async (page: Page) => {
  // Before the page is alive, a press is not heard of.
  await page.waitForLoadState('networkidle')
  await page.getByRole('button', { name: button }).first().click()
  await page.getByRole('dialog').waitFor(WAIT)
}

/** A file of a batch that is good. */
export const chooseBatchFile = (model: string) => async (page: Page) => {
  await choose(page, Array.from({ length: 250 }, (_, line) => lineOf(line, model)).join('\n'))
  await page.getByText('Cost at most').waitFor(WAIT)
}

/** One in which lines are wrong in several ways. */
export const chooseWrongBatchFile = (model: string) => async (page: Page) => {
  const lines = [lineOf(1, model), 'Name a city.', lineOf(1, model), lineOf(2, 'no-such-model'), lineOf(3, model)]
  await choose(page, lines.join('\n'))
  await page.getByText('3 lines are wrong').waitFor(WAIT)
}

async function choose(page: Page, text: string): Promise<void> {
  const buffer = Buffer.from(text)
  // Before the page is alive, a file that is chosen is not heard of.
  await page.waitForLoadState('networkidle')
  await page
    .locator('input[type=file]')
    .setInputFiles({ name: 'cities.jsonl', mimeType: 'application/x-ndjson', buffer })
}

function lineOf(line: number, model: string): string {
  const messages = [{ role: 'user', content: `Name a city that is ${line} hours away.` }]
  const body = { model, messages, max_tokens: 48 }
  return JSON.stringify({ custom_id: `city-${line}`, method: 'POST', url: '/v1/chat/completions', body })
}

/** A lease by constraints, as the form stands: the price of the cheapest node, for a minute. */
export async function askLeasePrice(page: Page): Promise<void> {
  await page.waitForLoadState('networkidle')
  await page.getByRole('button', { name: 'Ask for a price' }).click()
  await page.getByText('This price holds for').waitFor(WAIT)
}

/** More memory than any GPU has: the answer says what would help. */
export async function wishTooMuch(page: Page): Promise<void> {
  await page.waitForLoadState('networkidle')
  await page.getByLabel('Memory, at least').fill('9000')
  await page.getByRole('button', { name: 'Ask for a price' }).click()
  await page.getByText('It would be enough to').waitFor(WAIT)
}
