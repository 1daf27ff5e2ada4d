/**
 * A provider without a wallet and without a deposit, who does what people do: clicks twice, goes back, has two tabs of one
 * wizard, loses the connection, and slips by a point. Nothing is done twice or by halves, and a sentence says what to do.
 */
import type { Locator, Page } from '@playwright/test'
import { expectAccessible } from './expect-accessible.ts'
import { expect, test } from './marketplace.ts'

test('managed payout → wizard in two tabs → slips, double clicks and a lost connection → stake withheld from first earnings', async ({
  page,
  context,
  market,
}) => {
  const { info } = market
  // Sent before the page's scripts have come: kept, and carried out once they have.
  const scripts = Promise.withResolvers<void>()
  await page.route('**/_next/static/**/*.js', async (route) => {
    await scripts.promise
    await route.continue()
  })
  await page.goto(`${info.url}/sign-up`, { waitUntil: 'domcontentloaded' })
  await page.getByLabel('Your name').fill('Ada Lovelace')
  await page.getByLabel('Organisation').fill('Engine Works')
  await page.getByLabel('Email').fill('ada.wizard@isochrone.test')
  await page.getByLabel('Password').fill('a long enough password')
  await page.getByRole('button', { name: 'Create account' }).click()
  expect(new URL(page.url()).search).toBe('')
  scripts.resolve()
  await expect(page.getByRole('heading', { name: 'Engine Works' })).toBeVisible()
  await page.unroute('**/_next/static/**/*.js')

  // A double click makes one provider, and one listing.
  await page.goto(`${info.url}/provider/list`)
  await page.getByRole('radio', { name: 'To a managed account' }).check()
  await expect(page.getByLabel('Payout address')).toBeHidden()
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Become a provider' }).dblclick()
  const begin = page.getByRole('button', { name: 'List a node' }).first()
  await expect(begin).toBeVisible()
  await begin.dblclick()
  await expect(page.getByLabel('Node name')).toBeVisible()
  const wizard = page.url().split('?')[0] ?? ''

  // Two tabs: the second is told, keeps what was typed there, and cannot save it over what the first saved.
  const other = await context.newPage()
  await other.goto(`${wizard}?step=machine`)
  await fillMachine(other, 'ada-2')
  await fillMachine(page, 'ada-1')
  await page.getByRole('button', { name: 'Save and go on' }).dblclick()
  await expect(page).toHaveURL(/step=agent/)
  await expect(other.getByText('This step was saved in another tab')).toBeVisible()
  await expect(other.getByLabel('Node name')).toHaveValue('ada-2')
  await other.getByRole('button', { name: 'Save and go on' }).click()
  await expect(other.getByText('Another tab has changed this listing')).toBeVisible()
  await expectAccessible(other)
  await other.getByRole('button', { name: 'Show what was saved' }).click()
  await expect(other.getByLabel('Node name')).toHaveValue('ada-1')

  // Back: what was saved is there, and saving it again from a fresh page is no conflict.
  await page.goBack()
  await expect(page.getByLabel('Node name')).toHaveValue('ada-1')
  await page.getByRole('button', { name: 'Save and go on' }).click()
  await expect(page).toHaveURL(/step=agent/)

  // A region of no known place is allowed, and said to be beyond what light can check; known ones are offered.
  await page.goto(`${wizard}?step=machine`)
  const region = page.getByLabel('Region', { exact: true })
  const uncheckable = page.getByText('cannot check this claim by the speed of light')
  expect(await page.locator('datalist option[value="eu-west"]').count()).toBe(1)
  await region.fill('mars')
  await expect(page.getByText('witnesses check it as NL')).toBeVisible()
  await page.getByLabel('Country').fill('AQ')
  await expect(uncheckable).toBeVisible()
  await expectAccessible(page)
  await region.fill('eu-west')
  await expect(uncheckable).toBeHidden()

  // A command that another tab replaced is not shown any more.
  await page.goto(`${wizard}?step=agent`)
  await page.getByRole('button', { name: 'Make the command' }).dblclick()
  await expect(page.getByRole('region', { name: 'agent join command' })).toBeVisible()
  await other.goto(`${wizard}?step=agent`)
  await other.getByRole('button', { name: 'Make another command' }).click()
  await expect(other.getByRole('region', { name: 'agent join command' })).toBeVisible()
  await expect(page.getByText('Another tab made a newer command')).toBeVisible()
  await expect(page.getByRole('region', { name: 'agent join command' })).toBeHidden()

  // Models: none chosen is refused at once; what the network knows can be chosen before the agent runs, and is kept.
  await page.goto(`${wizard}?step=models`)
  const save = page.getByRole('button', { name: 'Save and go on' })
  const checklist = page.getByRole('complementary', { name: 'How far it is' })
  await save.click()
  await expect(page.getByText('Choose at least one.')).toBeVisible()
  await expectAccessible(page)
  await page.getByRole('checkbox').first().check()
  await page.getByLabel('Engine').selectOption('vLLM')
  await expect(page.getByRole('region', { name: 'agent run command for these models' })).toContainText(
    '--engine openai',
  )
  await other.goto(`${wizard}?step=models`)
  await other.getByRole('checkbox').first().check()
  await save.click()
  await expect(page).toHaveURL(/step=prices/)
  await expect(checklist).toContainText('No agent has joined yet.')
  await expect(other.getByText('This step was saved in another tab')).toBeVisible()
  await other.getByRole('button', { name: 'Show what was saved' }).click()
  await expect(other.getByLabel('Engine')).toHaveValue('vLLM')
  await expectAccessible(other)

  // Two slips are asked about at once; an edit takes the question back; a yes is respected.
  await page.goto(`${wizard}?step=prices`)
  await expect(page.getByText('the terms of a live node are never edited')).toBeVisible()
  await page.getByLabel('Input', { exact: true }).fill('10000')
  await page.getByLabel('Output', { exact: true }).fill('40000')
  await save.click()
  const question = page.getByText(/The input price of .* The output price of .* Is that what you mean\?/)
  await expect(question).toBeVisible()
  await expectAccessible(page)
  await page.getByLabel('Input', { exact: true }).fill('9000')
  await expect(question).toBeHidden()
  await save.click()
  await expect(question).toBeVisible()

  // The connection is lost: nothing is saved, a sentence says so, and trying again is enough.
  const yes = page.getByRole('button', { name: 'Yes, that is what I mean' })
  await context.setOffline(true)
  await yes.click()
  await expect(page.getByText('The server did not answer. Check your connection')).toBeVisible()
  // The page asks for what is new by itself: without a connection it stays as it is, and goes on later.
  const waits = page.getByText('No connection to the server.')
  await expect(waits).toBeVisible()
  await expectAccessible(page)
  await page.screenshot({ path: test.info().outputPath('no-connection.png') })
  await context.setOffline(false)
  await expect(waits).toBeHidden()
  await expect(page.getByLabel('Input', { exact: true })).toHaveValue('9000')
  await save.click()
  await yes.click()
  await expect(page).toHaveURL(/step=promises/)
  await page.goto(`${wizard}?step=prices`)
  await expect(page.getByLabel('Input', { exact: true })).toHaveValue('9000.00')

  await makePromises(page, wizard, checklist)

  // Stake: too little is refused at its field; agreed to once, raised, never lowered.
  await page.goto(`${wizard}?step=stake`)
  await page.getByRole('radio', { name: 'From first earnings' }).check()
  const grow = page.getByLabel('Your stake is to grow to')
  await grow.fill('99.999999')
  await page.getByRole('button', { name: 'Withhold it' }).click()
  await expect(page.getByText('The stake to grow to is at least $100')).toBeVisible()
  await grow.fill('100')
  await page.getByRole('button', { name: 'Withhold it' }).dblclick()
  await expect(checklist).toContainText('Stake is withheld from first earnings')
  await expect(page.getByText('growing: requests, and no leases yet')).toBeVisible()
  await expectAccessible(page)

  await page.getByRole('link', { name: 'Payouts' }).first().click()
  await expect(page.getByRole('heading', { level: 1, name: 'Payouts' })).toBeVisible()
  await expect(page.getByText('There is nothing to withdraw now.')).toBeAttached()
  await expectAccessible(page)
  await page.goto(`${info.url}/provider/list`)
  await expect(page.getByRole('table', { name: 'Listings' }).getByRole('row')).toHaveCount(2)
})

async function fillMachine(page: Page, name: string): Promise<void> {
  await page.getByLabel('Node name').fill(name)
  await page.getByLabel('Region', { exact: true }).fill('eu-west')
  await page.getByLabel('Country').fill('NL')
}

/** Milliseconds and percent, both halves or none; a slip is asked about; what becomes unchangeable is reviewed to its last field. */
async function makePromises(page: Page, wizard: string, checklist: Locator): Promise<void> {
  await page.goto(`${wizard}?step=promises`)
  const save = page.getByRole('button', { name: 'Save and go on' })
  const [back, next] = [page.getByLabel('Comes back when broken'), page.getByLabel('Each further token within')]
  await save.click()
  await expect(page.getByText('Nothing is promised yet')).toBeVisible()
  await page.getByLabel('First token within').fill('2000')
  await expect(page.getByText('A time is promised, and nothing comes back')).toBeVisible()
  await expectAccessible(page)
  await back.fill('10.005')
  await expect(page.getByText('At most 2 decimals: it is stored in hundredths of a percent.')).toBeVisible()
  await back.fill('12.5')
  await expect(page.getByText('gets $12.50 back from your stake')).toBeVisible()
  await next.fill('0.005')
  await save.click()
  const question = page.getByText(
    /Each further token within 0\.005 ms is \d+ times shorter than .* Is that what you mean\?/,
  )
  await expect(question).toBeVisible()
  await expectAccessible(page)
  await next.fill('33.5')
  await expect(question).toBeHidden()
  const measuredAt = page.getByLabel('Measured at')
  await measuredAt.selectOption({ index: 1 })
  const region = await measuredAt.inputValue()
  expect(region).not.toBe('')
  await save.click()
  await expect(page).toHaveURL(/step=stake/)
  await expect(checklist).toContainText('Promises are set: 12.5 % comes back where one is broken.')

  await page.goto(`${wizard}?step=review`)
  for (const said of [
    'Regional. A data centre of its region.',
    'The provider promises nothing beyond the law.',
    '95 % of attempts within 2,000 ms',
    '95 % of attempts within 33.5 ms',
    'up to 8; with more, no promise holds',
    `gateways at ${region}`,
    '12.5 % of what was spent comes back',
    'none yet: it is one stake for all your nodes',
  ]) {
    await expect(page.getByText(said)).toBeVisible()
  }
  await expectAccessible(page)

  await page.goto(`${wizard}?step=promises`)
  await expect(next).toHaveValue('33.5')
  await expect(back).toHaveValue('12.5')
  await expect(measuredAt).toHaveValue(region)
  await page.getByRole('radio', { name: 'Nothing', exact: true }).check()
  await save.click()
  await expect(checklist).toContainText('Nothing is promised, as you chose')
}
