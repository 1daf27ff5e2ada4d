/** A team that wants no wallet: from signing up to a settled receipt. */
import { expectAccessible } from './expect-accessible.ts'
import { expect, test } from './marketplace.ts'
import {
  browseMarket,
  createKey,
  downloadStatement,
  failToRevoke,
  followReceipt,
  openClaims,
  openEvidence,
  sendRequest,
  setRoutingPolicy,
} from './steps.ts'

test('sign up → fund → create a key → send a request → see its receipt verified → see it settled → its evidence → a statement → set a routing policy', async ({
  page,
  market,
}) => {
  const { info } = market
  await page.goto(info.url)
  await expect(page.getByRole('heading', { name: 'Marketplace' })).toBeVisible()
  await browseMarket(page)

  await page.getByRole('link', { name: 'Sign up' }).click()
  await expectAccessible(page)
  await page.getByLabel('Your name').fill('Grace Hopper')
  await page.getByLabel('Organisation').fill('Compiler Works')
  await page.getByLabel('Email').fill('grace@isochrone.test')
  await page.getByLabel('Password').fill('a long enough password')
  await page.getByRole('button', { name: 'Create account' }).click()
  await expect(page.getByRole('heading', { name: 'Compiler Works' })).toBeVisible()
  await expectAccessible(page)

  await page.getByRole('link', { name: 'Balance' }).first().click()
  await page.getByRole('textbox', { name: 'Add funds' }).fill('5')
  await page.getByRole('button', { name: 'Add funds' }).click()
  const orders = page.getByRole('table', { name: 'Funding orders' })
  await expect(orders.getByText('final')).toBeVisible({ timeout: 60_000 })
  await expect(page.getByRole('table', { name: 'Movements' }).getByText('deposit', { exact: true })).toBeVisible()
  await expectAccessible(page)

  const secret = await createKey(page, 'flow')
  await failToRevoke(page, 'flow')
  const requestId = await sendRequest(info, secret)
  await followReceipt(page, requestId)
  await openEvidence(page)
  await downloadStatement(page)

  await page.getByRole('link', { name: 'Epochs' }).first().click()
  await expect(page.getByRole('table', { name: 'Epochs' }).getByText('settled').first()).toBeVisible()
  await expectAccessible(page)

  await setRoutingPolicy(page)

  await page.getByRole('link', { name: 'Usage' }).first().click()
  await expect(page.getByRole('heading', { level: 1, name: 'Usage' })).toBeVisible()
  await expectAccessible(page)
})

test('a provider sees what its nodes claimed, what released it and what was paid', async ({ page, market }) => {
  const { info } = market
  await sendRequest(info, info.apiKey)
  const provider = info.signIns.find(({ role }) => role === 'provider')
  if (!provider) throw new Error('the demo has a provider')
  await openClaims(page, info, provider)
})

test('an unknown address and a foreign request are the same 404, and a visitor is asked to sign in', async ({
  page,
  market,
}) => {
  const { url } = market.info
  const missing = await page.goto(`${url}/nowhere`)
  expect(missing?.status()).toBe(404)
  await expectAccessible(page)
  await page.goto(`${url}/requests`)
  await expect(page).toHaveURL(/\/sign-in\?next=%2Frequests$/)
  const admin = await page.goto(`${url}/admin`)
  expect(admin?.url()).toContain('/sign-in')
})
