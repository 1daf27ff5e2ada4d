/** A payer who holds the keys: Sign-In with Ethereum, a channel of their own, and the same way to a settled receipt. */
import { defineChain } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { installWallet } from './browser-wallet.ts'
import { expectAccessible } from './expect-accessible.ts'
import { expect, test } from './marketplace.ts'
import { createKey, followReceipt, sendRequest } from './steps.ts'

test('a browser wallet signs in, deposits, sets the ceiling and pays for a request until it is settled', async ({
  page,
  market,
}) => {
  const { info } = market
  const account = privateKeyToAccount(generatePrivateKey())
  const chain = defineChain({
    id: 31_337,
    name: 'Isochrone',
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [info.chainRpcUrl] } },
  })
  const asked = await installWallet(page, { account, chain, rpcUrl: info.chainRpcUrl, name: 'Flow Wallet' })

  await page.goto(`${info.url}/sign-in`)
  await page.getByRole('button', { name: 'Continue with Flow Wallet' }).click()
  await expect(page.getByRole('heading', { name: 'Name your organisation' })).toBeVisible()
  await expectAccessible(page)
  await page.getByLabel('Organisation').fill('Key Holders')
  await page.getByRole('button', { name: 'Create organisation' }).click()
  await expect(page.getByRole('heading', { name: 'Key Holders' })).toBeVisible()

  await page.getByRole('link', { name: 'Balance' }).first().click()
  await page.getByRole('textbox', { name: 'Deposit from your wallet' }).fill('3')
  await page.getByRole('button', { name: 'Deposit with Flow Wallet' }).click()
  await expect(page.getByText('Deposited, and the ceiling is on the chain.')).toBeVisible({ timeout: 60_000 })
  await expect(page.getByText('Held by').locator('..')).toContainText('your wallet')
  await expectAccessible(page)
  const movements = page.getByRole('table', { name: 'Movements' })
  await expect(movements.getByText('ceiling raised to')).toBeVisible({ timeout: 60_000 })
  await expect(page.locator('dl').first()).toContainText('$3.00')
  expect(asked.filter((method) => method === 'eth_signTypedData_v4')).toHaveLength(1)

  const secret = await createKey(page, 'wallet-flow')
  const requestId = await sendRequest(info, secret)
  await followReceipt(page, requestId)
})
