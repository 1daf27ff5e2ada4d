/** What both flows do alike: make a key, send a request with the official client, follow its receipt to settlement. */
import { readFile } from 'node:fs/promises'
import { expect, type Page } from '@playwright/test'
import OpenAI from 'openai'
import type { InstanceInfo } from '../../tools/start/instance-file.ts'
import { expectAccessible } from './expect-accessible.ts'

/** Narrows the market, undoes it with the back button, and opens an offer and its provider. */
export async function browseMarket(page: Page): Promise<void> {
  const rows = page.getByRole('table', { name: 'Offers' }).getByRole('row')
  // Nodes are on offer once the worker has listed them, and the page asks again by itself.
  await expect(rows).toHaveCount(6, { timeout: 120_000 })
  await expect(page.getByText('simulated network').first()).toBeVisible()
  await expectAccessible(page)

  const region = page.getByRole('combobox', { name: 'Region' })
  await region.selectOption('eu-west')
  await expect(page).toHaveURL(/region=eu-west/)
  await expect(rows).toHaveCount(3)
  const words = page.getByRole('searchbox')
  await words.pressSequentially('borealis')
  await expect(page).toHaveURL(/q=borealis/)
  await expect(rows).toHaveCount(2)
  await page.goBack()
  await expect(words).toHaveValue('')
  await expect(rows).toHaveCount(3)
  await page.goBack()
  await expect(region).toHaveValue('')
  await expect(rows).toHaveCount(6)

  await page.getByRole('link', { name: 'aurora-1' }).click()
  await expect(page.getByRole('heading', { level: 1 })).toContainText('aurora-1')
  await expectAccessible(page)
  await page.getByRole('main').getByRole('link', { name: 'Northern Lights Compute' }).click()
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Northern Lights Compute')
  await expect(rows).toHaveCount(6)
  await expectAccessible(page)
}

/** Makes an API key on the keys page and returns its secret, which the page shows once. */
export async function createKey(page: Page, name: string): Promise<string> {
  await page.getByRole('link', { name: 'API keys' }).first().click()
  await page.getByRole('button', { name: 'Create key' }).first().click()
  await page.getByLabel('Name').fill(name)
  await page.getByRole('dialog').getByRole('button', { name: 'Create key' }).click()
  const secret = await page.getByTestId('secret').innerText()
  await expectAccessible(page)
  await page.getByRole('button', { name: 'I have stored it' }).click()
  // The dialog starts anew: nobody who opens it later sees that secret.
  await page.getByRole('button', { name: 'Create key' }).first().click()
  await expect(page.getByRole('dialog').getByLabel('Name')).toHaveValue('')
  await expect(page.getByText(secret)).toBeHidden()
  await page.keyboard.press('Escape')
  await expect(page.getByRole('row', { name: new RegExp(name) })).toBeVisible()
  return secret
}

/** Makes a key whose answer never arrives, presses again, is told which key that made, and revokes it; no second one was made. */
export async function loseKey(page: Page, name: string): Promise<void> {
  const lost = '**/keys'
  await page.route(lost, async (route) => {
    if (route.request().method() !== 'POST') return route.continue()
    await route.fetch()
    return route.abort()
  })
  await page.getByRole('button', { name: 'Create key' }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name').fill(name)
  await dialog.getByRole('button', { name: 'Create key' }).click()
  await expect(dialog.getByText('The server did not answer')).toBeVisible()
  await page.unroute(lost)
  await dialog.getByRole('button', { name: 'Create key' }).click()
  await expect(dialog.getByText('This key was made already')).toBeVisible()
  await expect(dialog.getByTestId('secret')).toBeHidden()
  await expectAccessible(page)
  await dialog.getByRole('button', { name: 'Revoke it and start again' }).click()
  await expect(dialog.getByLabel('Name')).toHaveValue('')
  await page.keyboard.press('Escape')
  await expect(page.getByRole('row', { name: new RegExp(name) })).toHaveCount(1)
  await expect(page.getByRole('row', { name: new RegExp(name) })).toContainText(/revoked/i)
}

/** Tries to revoke a key while the server cannot be reached: the dialog says so, and not again when it is opened anew. */
export async function failToRevoke(page: Page, name: string): Promise<void> {
  const cut = '**/keys'
  await page.route(cut, (route) => (route.request().method() === 'POST' ? route.abort() : route.continue()))
  const open = page.getByRole('button', { name: `Revoke ${name}` })
  const dialog = page.getByRole('dialog')
  await open.click()
  await dialog.getByRole('button', { name: `Revoke “${name}”` }).click()
  await expect(dialog.getByText('The server did not answer')).toBeVisible()
  await expectAccessible(page)
  await page.unroute(cut)
  await dialog.getByRole('button', { name: 'Keep it' }).click()
  await expect(dialog).toBeHidden()
  await open.click()
  await expect(dialog.getByRole('button', { name: `Revoke “${name}”` })).toBeVisible()
  await expect(dialog.getByText('The server did not answer')).toBeHidden()
  await page.keyboard.press('Escape')
}

/** Streams one chat completion as a customer would and returns the request's id. Waits out the seconds of a new key. */
export async function sendRequest({ gatewayUrl, model }: InstanceInfo, apiKey: string): Promise<string> {
  const client = new OpenAI({ apiKey, baseURL: `${gatewayUrl}/v1`, maxRetries: 0 })
  const messages = [{ role: 'user' as const, content: 'Say something.' }]
  const { data: stream, response } = await client.chat.completions
    .create({ model, messages, stream: true, max_tokens: 24 })
    .withResponse()
  let text = ''
  for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''
  expect(text.length).toBeGreaterThan(0)
  return response.headers.get('x-request-id') ?? ''
}

/** Opens a request's page and waits until its receipt is verified in the browser, and then until it is settled. */
export async function followReceipt(page: Page, requestId: string): Promise<void> {
  await expect(async () => {
    await page.getByRole('link', { name: 'Requests', exact: true }).first().click()
    await page.getByRole('link', { name: requestId.slice(0, 12) }).click({ timeout: 10_000 })
  }).toPass({ timeout: 120_000 })
  await expect(page.getByRole('heading', { level: 1 })).toContainText(requestId)
  // In full once its epoch is closed.
  await expect(page.getByTestId('receipt-verdict')).toContainText(/verified in your browser/i)
  await expect(page.getByText('Signature recovers to lane')).toBeVisible()
  await expect(page.getByText('Signature recovers to node')).toBeVisible()
  await expectAccessible(page)

  await expect(page.getByText(/siblings? leads? from this receipt to root/)).toBeVisible({ timeout: 120_000 })
  const track = page.getByRole('list', { name: 'Settlement' })
  await expect(track.locator('[aria-current="step"]')).toContainText('settled', { timeout: 180_000 })
  await expect(track.getByText('final')).toHaveCount(3)
  await expect(page.getByText('invalid', { exact: true })).toHaveCount(0)
}

/** From a settled request to its evidence: receipt, the record that released its pay, the epoch with its file. */
export async function openEvidence(page: Page): Promise<void> {
  await page.getByRole('link', { name: /^Receipt [\d,]+ in full$/ }).click()
  await expect(page.getByTestId('receipt-verdict')).toContainText('Verified in your browser')
  const check = (name: string) => page.getByRole('listitem').filter({ hasText: name })
  await expect(check('The chain holds this root')).toContainText('valid')
  await expect(check('Price follows from the terms')).toContainText('valid')
  await expect(page.getByRole('img', { name: /from leaf 0x.* to root 0x/ })).toBeVisible()
  await expect(page.getByText('The last hash is the root that was anchored')).toBeVisible()
  await expectAccessible(page)

  await page.getByRole('link', { name: 'performance record' }).click()
  await expect(page.getByTestId('record-verdict')).toContainText(/verified in your browser/i)
  const track = page.getByRole('list', { name: 'Release' })
  await expect(track.locator('[aria-current="step"]')).toContainText('paid out')
  await expectAccessible(page)

  await page.getByRole('link', { name: /^Epoch \d+$/ }).click()
  await expect(page.getByRole('table', { name: 'Receipts' }).getByRole('link').first()).toBeVisible()
  await expect(page.getByRole('table', { name: 'Performance records' }).getByText('final').first()).toBeVisible()
  await expect(page.getByText('npm run verify-epoch -- epoch-')).toBeVisible()
  await expectAccessible(page)
}

/** Filters the channel's movements and downloads what is left as a statement. */
export async function downloadStatement(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'Balance' }).first().click()
  await page.getByRole('combobox', { name: 'Kind of movement' }).selectOption('claim')
  await expect(page).toHaveURL(/kind=claim/)
  const movements = page.getByRole('table', { name: 'Movements' })
  await expect(movements.getByText('deposit', { exact: true })).toHaveCount(0)
  await expectAccessible(page)
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'Statement, CSV' }).click(),
  ])
  const csv = await readFile(await download.path(), 'utf8')
  const [columns, ...rows] = csv.trim().split('\r\n')
  expect(columns).toContain('amount_micro_usd')
  expect(rows.length).toBeGreaterThan(0)
  for (const row of rows)
    expect(row).toMatch(/^\d{4}-\d\d-\d\dT[^,]+,claim,\d+,[\d.]+,-\d+,\d+,\d+,0x[0-9a-f]{64},0x[0-9a-f]{64}$/)
}

/** The demo's provider sees what it claimed, what released it and what was paid. */
export async function openClaims(page: Page, { url }: InstanceInfo, signIn: { email: string; password: string }) {
  await page.goto(`${url}/sign-in?next=%2Fprovider%2Fclaims`)
  await page.getByLabel('Email').fill(signIn.email)
  await page.getByLabel('Password').fill(signIn.password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  const claims = page.getByRole('table', { name: 'Claims by epoch' })
  await expect(claims.getByText('paid', { exact: true }).first()).toBeVisible({ timeout: 180_000 })
  await expect(claims.getByText('net, fee').first()).toBeVisible()
  await expectAccessible(page)
}

/** As one of the people of the demo; ends on that person's first page. */
export async function signInAs(page: Page, { url, signIns }: InstanceInfo, role: string): Promise<void> {
  const person = signIns.find((one) => one.role === role)
  if (!person) throw new Error(`the demo has no ${role}`)
  await page.goto(`${url}/sign-in`)
  await page.getByLabel('Email').fill(person.email)
  await page.getByLabel('Password').fill(person.password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.waitForURL((at) => at.pathname !== '/sign-in')
}

/** Makes the cheapest node in Germany the default, where none is on offer: the page says so, and keeps it all the same. */
export async function setRoutingPolicy(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'Routing' }).first().click()
  await expect(page.getByText('5 of 5 nodes', { exact: true })).toBeVisible()
  await page.getByRole('radio', { name: 'Price', exact: true }).check()
  await page.getByLabel('Another country or region').fill('de')
  await page.getByRole('button', { name: 'Add region' }).click()
  await expect(page.getByText('0 of 5 nodes', { exact: true })).toBeVisible()
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByText('Saved. Gateways apply it')).toBeVisible()
  await page.reload()
  await expect(page.getByRole('radio', { name: 'Price', exact: true })).toBeChecked()
  await expect(page.getByRole('checkbox', { name: 'Germany (DE)' })).toBeChecked()
}

/** Asks for more than a balance of a dollar covers: what was refused is not offered again, and leaves no lease that runs. */
export async function rentBeyondBalance(page: Page, { url }: InstanceInfo): Promise<void> {
  await page.goto(`${url}/balance`)
  await page.getByRole('textbox', { name: 'Add funds' }).fill('1')
  await page.getByRole('button', { name: 'Add funds' }).click()
  await expect(page.getByRole('table', { name: 'Movements' }).getByText('deposit', { exact: true })).toBeVisible()
  await page.goto(`${url}/leases/new`)
  await page.getByLabel('Duration').fill('720')
  await page.getByRole('button', { name: 'Ask for a price' }).click()
  const rent = page.getByRole('button', { name: /^Rent 1 GPU for/ })
  await rent.click()
  await expect(page.getByText('Add funds, then ask for another price.')).toBeVisible()
  await expect(rent).toHaveCount(0)
  await expect(page.getByRole('main').getByRole('link', { name: 'Add funds' })).toBeVisible()
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Ask for the price again' }).click()
  await expect(rent).toBeVisible()
  await page.goto(`${url}/leases`)
  const leases = page.getByRole('table', { name: 'Leases' })
  await expect(leases.getByRole('row')).toHaveCount(2)
  await expect(leases.getByText('failed', { exact: true })).toBeVisible()
}
