/** Makes a batch of a file on its page: a wrong file is refused there, the upload can be stopped, two clicks are one batch. */
import { expect, type Page } from '@playwright/test'
import type { InstanceInfo } from '../../tools/start/instance-file.ts'
import { expectAccessible } from './expect-accessible.ts'

const LINES = 3

export async function makeBatch(page: Page, { url, model }: InstanceInfo): Promise<void> {
  const links = page.getByRole('link', { name: /^batch_/ })
  await page.goto(`${url}/batches`)
  const before = await links.count()
  await page.getByRole('link', { name: 'New batch' }).click()
  const input = page.locator('input[type=file]')
  const choose = (lines: readonly string[]) =>
    input.setInputFiles({
      name: 'in.jsonl',
      mimeType: 'application/x-ndjson',
      buffer: Buffer.from(lines.join('\n')),
    })
  const good = Array.from({ length: LINES }, (_, line) => lineOf(line, model))
  const create = page.getByRole('button', { name: 'Create batch' })

  await expect(async () => {
    await choose([...good, 'Name a city.'])
    await expect(page.getByText('1 line is wrong.')).toBeVisible({ timeout: 10_000 })
  }).toPass()
  await expect(page.getByRole('cell', { name: 'The line is not one JSON object.' })).toBeVisible()
  await expect(create).toHaveAttribute('aria-disabled', 'true')
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Choose another file' }).click()

  await choose(good)
  await expect(page.getByText('Cost at most')).toBeVisible()
  await expectAccessible(page)
  // The upload hangs until it is stopped: nothing is created, and the file may be sent again.
  await page.route('**/api/files?*', () => {})
  await create.click()
  await page.getByRole('button', { name: 'Stop the upload' }).click()
  await expect(page.getByText('The upload was stopped.')).toBeVisible()
  await page.unroute('**/api/files?*')

  let uploads = 0
  page.on('request', (request) => {
    if (request.method() === 'POST' && request.url().includes('/api/files')) uploads += 1
  })
  await create.dblclick()
  await page.waitForURL(/\/batches\/batch_[0-9a-f]+$/)
  await expect(page.getByText(`${LINES} of ${LINES} answered`)).toBeVisible({ timeout: 120_000 })
  expect(uploads).toBe(1)
  await page.goto(`${url}/batches`)
  await expect(links).toHaveCount(before + 1)
}

function lineOf(line: number, model: string): string {
  const body = { model, messages: [{ role: 'user', content: `Name city ${line}.` }], max_tokens: 8 }
  return JSON.stringify({ custom_id: `l${line}`, method: 'POST', url: '/v1/chat/completions', body })
}
