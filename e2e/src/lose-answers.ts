/**
 * What moves money, with an answer that never comes: the server does it, the browser never hears of it. Whoever presses again,
 * also after closing and opening the dialog, moves the money once.
 */
import { expect, type Page } from '@playwright/test'
import type { InstanceInfo } from '../../tools/start/instance-file.ts'
import { payManagedAccount } from '../../tools/start/seed/pay-managed-account.ts'
import { expectAccessible } from './expect-accessible.ts'

const LOST = 'The server did not answer. Check your connection. Press again:'
const MINUTES = 30
const EARNED_MICRO_USD = 40_000_007n
const WALLET = '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed'

interface Lease {
  id: string
  durationMs: number
  reservedMicroUsd: string
}

/** A read of the API as whoever is signed in. µUSD is text. */
async function read<T>(page: Page, { url }: InstanceInfo, path: string, input: object = {}): Promise<T> {
  const query = new URLSearchParams({ input: JSON.stringify({ json: input }) })
  const answer = await page.request.get(`${url}/api/trpc/${path}?${query.toString()}`)
  const body = (await answer.json()) as { result?: { data: { json: T } } }
  if (!body.result) throw new Error(`${path}: ${JSON.stringify(body)}`)
  return body.result.data.json
}

/** What forms of the page at this path send is carried out, and its answer is dropped. Returns what ends that. */
async function dropAnswers(page: Page): Promise<() => Promise<void>> {
  const { pathname } = new URL(page.url())
  const isHere = (url: URL) => url.pathname === pathname
  await page.route(isHere, async (route) => {
    if (route.request().method() !== 'POST') return route.continue()
    await route.fetch()
    return route.abort()
  })
  return () => page.unroute(isHere)
}

/** Rents, loses the answer and outwaits the minute of the price; then extends the lease, and loses that answer too. */
export async function rentAndExtendOnce(page: Page, info: InstanceInfo): Promise<void> {
  const leases = async () => (await read<{ items: Lease[] }>(page, info, 'leases.list')).items
  const before = await leases()
  await page.clock.install()
  await page.goto(`${info.url}/leases/new`)
  await page.getByLabel('Duration').fill(String(MINUTES / 60))
  await page.getByRole('button', { name: 'Ask for a price' }).click()
  const held = page.locator('dt:text-is("Held while it runs") + dd data')
  const heldMicroUsd = BigInt((await held.getAttribute('value')) ?? '')
  expect(heldMicroUsd).toBeGreaterThan(0n)

  let hear = await dropAnswers(page)
  await page.getByRole('button', { name: /^Rent 1 GPU for/ }).click()
  await expect(page.getByText(`${LOST} it is one lease`)).toBeVisible()
  await page.clock.fastForward(61_000)
  const see = page.getByRole('button', { name: 'See whether it was rented' })
  await expect(see).toBeVisible()
  await expect(page.getByRole('button', { name: 'Ask for the price again' })).toHaveCount(0)
  await expect(page.getByRole('button', { name: 'Change what is wanted' })).toHaveAttribute('aria-disabled', 'true')
  await expectAccessible(page)
  // A fresh page would rent a second time: whoever goes there is asked first.
  await page.getByRole('link', { name: 'Leases', exact: true }).first().click()
  await expect(page.getByText('Leave without knowing whether it was rented?')).toBeVisible()
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Stay' }).click()
  await hear()
  await see.click()
  await page.waitForURL(/\/leases\/lease_/)
  const id = page.url().split('/').at(-1) ?? ''
  const rented = (await leases()).filter((lease) => before.every((one) => one.id !== lease.id))
  expect(rented).toMatchObject([{ id, durationMs: MINUTES * 60_000, reservedMicroUsd: heldMicroUsd.toString() }])

  const dialog = page.getByRole('dialog')
  const extend = page.getByRole('button', { name: 'Extend', exact: true })
  const confirm = dialog.getByRole('button', { name: 'Extend the lease' })
  hear = await dropAnswers(page)
  await extend.click()
  await dialog.getByLabel('Longer by').fill(String(MINUTES / 60))
  await confirm.click()
  await expect(dialog.getByText(`${LOST} it is made longer once`)).toBeVisible()
  await expectAccessible(page)
  await page.keyboard.press('Escape')
  await expect(dialog).toBeHidden()
  await hear()
  await extend.click()
  await expect(dialog.getByText(`${LOST} it is made longer once`)).toBeVisible()
  await confirm.click()
  await expect(dialog).toBeHidden()
  const longer = await read<Lease & { events: { event: string }[] }>(page, info, 'leases.detail', { id })
  // As long again, for as much again.
  expect(longer).toMatchObject({ durationMs: 2 * MINUTES * 60_000, reservedMicroUsd: String(2n * heldMicroUsd) })
  expect(longer.events.filter(({ event }) => event === 'extend')).toHaveLength(1)

  await page.getByRole('button', { name: 'Stop', exact: true }).click()
  await dialog.getByRole('button', { name: 'Stop the lease' }).click()
  await expect(dialog).toBeHidden()
}

/** Withdraws as a provider with a managed account: loses the answer, closes, opens, presses again; then slips with a new amount. */
export async function withdrawOnce(page: Page, info: InstanceInfo, providerName: string): Promise<void> {
  const balanceOf = await payManagedAccount(info, { providerName, microUsd: EARNED_MICRO_USD })
  const account = () =>
    read<{ freeMicroUsd: string; withdrawnMicroUsd: string; orders: { status: string }[] }>(
      page,
      info,
      'provider.payoutAccount',
    )
  await page.goto(`${info.url}/provider/payouts`)
  const open = page.getByRole('button', { name: 'Withdraw', exact: true })
  const dialog = page.getByRole('dialog')
  const look = dialog.getByRole('button', { name: 'Look once more' })
  const digits = dialog.locator('code > [aria-hidden]')
  await open.click()
  await dialog.getByLabel('Amount').fill('12.500001')
  await dialog.getByLabel('address').fill(WALLET.replace('6053', '6054'))
  await look.click()
  await expect(dialog.getByText('A digit of this address is wrong')).toBeVisible()
  await expectAccessible(page)
  await dialog.getByLabel('address').fill(WALLET.toLowerCase())
  await look.click()
  await expect(digits).toHaveText(WALLET)
  await expect(dialog.getByText('None of your last payments went to this wallet.')).toBeVisible()
  await expectAccessible(page)

  const pay = dialog.getByRole('button', { name: 'Withdraw $12.500001' })
  let hear = await dropAnswers(page)
  await pay.click()
  await expect(dialog.getByText(`${LOST} it is paid once`)).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(dialog).toBeHidden()
  await hear()
  await open.click()
  await expect(dialog.getByText(`${LOST} it is paid once`)).toBeVisible()
  await expect(digits).toHaveText(WALLET)
  await expectAccessible(page)
  await pay.click()
  await expect(dialog).toBeHidden()
  expect(await account()).toMatchObject({ withdrawnMicroUsd: '12500001', freeMicroUsd: '27500006' })
  expect((await account()).orders).toHaveLength(1)

  // The last address is offered. Another amount after a lost answer is no second payment: what was asked before is said.
  await open.click()
  await expect(dialog.getByLabel('Amount')).toHaveValue('')
  await dialog.getByLabel('Amount').fill('1')
  await dialog.getByRole('button', { name: /^Use the last one/ }).click()
  await expect(dialog.getByLabel('address')).toHaveValue(WALLET.toLowerCase())
  await look.click()
  await expect(dialog.getByText('You have asked for money to this wallet before.')).toBeVisible()
  hear = await dropAnswers(page)
  await dialog.getByRole('button', { name: 'Withdraw $1.00' }).click()
  await expect(dialog.getByText(`${LOST} it is paid once`)).toBeVisible()
  await hear()
  await dialog.getByRole('button', { name: 'Change it' }).click()
  await dialog.getByLabel('Amount').fill('2')
  await look.click()
  await dialog.getByRole('button', { name: 'Withdraw $2.00' }).click()
  await expect(dialog.getByText(`This same form has asked for $1.00 to ${WALLET.toLowerCase()} already`)).toBeVisible()
  await expectAccessible(page)
  await page.keyboard.press('Escape')

  await expect(page.getByRole('table', { name: 'What left the account' }).getByRole('row')).toHaveCount(3)
  await expect.poll(async () => (await account()).orders.map(({ status }) => status)).toEqual(['done', 'done'])
  expect(await account()).toMatchObject({ withdrawnMicroUsd: '13500001', freeMicroUsd: '26500006' })
  expect(await balanceOf(WALLET)).toBe(13_500_001n)
}
