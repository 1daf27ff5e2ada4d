/** A team that wants no wallet: from signing up to a settled receipt. */
import { expectAccessible } from './expect-accessible.ts'
import { rentAndExtendOnce, withdrawOnce } from './lose-answers.ts'
import { expect, test } from './marketplace.ts'
import {
  browseMarket,
  createKey,
  downloadStatement,
  failToRevoke,
  followReceipt,
  loseKey,
  openClaims,
  openEvidence,
  rentBeyondBalance,
  sendRequest,
  setRoutingPolicy,
  signInAs,
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
  await expect(orders.getByText('final')).toBeVisible({ timeout: 120_000 })
  await expect(page.getByRole('table', { name: 'Movements' }).getByText('deposit', { exact: true })).toBeVisible()
  await expectAccessible(page)

  const secret = await createKey(page, 'flow')
  await failToRevoke(page, 'flow')
  await loseKey(page, 'lost')
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
  const { info } = market
  const { url } = info
  const missing = await page.goto(`${url}/nowhere`)
  expect(missing?.status()).toBe(404)
  await expectAccessible(page)
  await page.goto(`${url}/requests`)
  await expect(page).toHaveURL(/\/sign-in\?next=%2Frequests$/)
  const admin = await page.goto(`${url}/admin`)
  expect(admin?.url()).toContain('/sign-in')

  // Really there, as its own organisation sees, before somebody else asks for it.
  const foreign = `${url}/requests/${await sendRequest(info, info.apiKey)}`
  await signInAs(page, info, 'team')
  await expect(async () => expect((await page.goto(foreign))?.status()).toBe(200)).toPass({ timeout: 120_000 })
  await page.context().clearCookies()
  await signInAs(page, info, 'provider')
  const refused = []
  for (const address of [`${url}/nowhere`, `${url}/requests/req_${'0'.repeat(32)}`, foreign]) {
    const response = await page.goto(address)
    refused.push([response?.status(), await page.getByRole('main').innerText()])
  }
  expect(refused[0]?.[0]).toBe(404)
  expect(refused[1]).toEqual(refused[0])
  expect(refused[2]).toEqual(refused[0])
})

test('a tab that was opened for another organisation moves no money of this one', async ({ page, market }) => {
  const { info } = market
  await page.goto(`${info.url}/sign-up`)
  await page.getByLabel('Your name').fill('Ada Lovelace')
  await page.getByLabel('Organisation').fill('Engine One')
  await page.getByLabel('Email').fill('ada@isochrone.test')
  await page.getByLabel('Password').fill('a long enough password')
  await page.getByRole('button', { name: 'Create account' }).click()
  await expect(page.getByRole('heading', { name: 'Engine One' })).toBeVisible()
  const made = await page.request.post(`${info.url}/api/trpc/session.createOrganisation`, {
    data: { json: { name: 'Engine Two', key: 'the-form-of-engine-two' } },
  })
  expect(made.status()).toBe(200)
  await page.goto(`${info.url}/balance`)
  await page.getByRole('textbox', { name: 'Add funds' }).fill('7')

  const another = await page.context().newPage()
  await another.goto(`${info.url}/keys`)
  await another.getByRole('button', { name: /Engine One/ }).click()
  await another.getByRole('menuitem', { name: 'Engine Two' }).click()
  await expect(another.getByRole('button', { name: /Engine Two/ })).toBeVisible()
  // The tab that switched works on for the one that it switched to.
  await createKey(another, 'mine')

  await page.getByRole('button', { name: 'Add funds' }).click()
  await expect(page.getByText('This tab was opened for Engine One, and you work for Engine Two now')).toBeVisible()
  await expectAccessible(page)
  await page.reload()
  await expect(page.getByRole('table', { name: 'Funding orders' })).toBeHidden()
  await page.getByRole('textbox', { name: 'Add funds' }).fill('7')
  await page.getByRole('button', { name: 'Add funds' }).click()
  await expect(page.getByRole('table', { name: 'Funding orders' }).getByRole('row')).toHaveCount(2)
})

test('an answer that is lost rents, extends and withdraws nothing twice, also after its price is over or its dialog closed', async ({
  page,
  browser,
  market,
}) => {
  const { info } = market
  await signInAs(page, info, 'team')
  await rentAndExtendOnce(page, info)

  const provider = await (await browser.newContext()).newPage()
  await provider.goto(`${info.url}/sign-up`)
  await provider.getByLabel('Your name').fill('Emmy Noether')
  await provider.getByLabel('Organisation').fill('Conserved Compute')
  await provider.getByLabel('Email').fill('emmy@isochrone.test')
  await provider.getByLabel('Password').fill('a long enough password')
  await provider.getByRole('button', { name: 'Create account' }).click()
  await expect(provider.getByRole('heading', { name: 'Conserved Compute' })).toBeVisible()
  await provider.goto(`${info.url}/provider/list`)
  await provider.getByRole('radio', { name: 'To a managed account' }).check()
  await provider.getByRole('button', { name: 'Become a provider' }).click()
  await expect(provider.getByRole('button', { name: 'List a node' }).first()).toBeVisible()
  await withdrawOnce(provider, info, 'Conserved Compute')
  await rentBeyondBalance(provider, info)
})
