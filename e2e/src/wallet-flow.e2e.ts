/** A payer who holds the keys: Sign-In with Ethereum, a channel of their own, and the same way to a settled receipt. */
import { defineChain } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { installWallet, type WalletOptions } from './browser-wallet.ts'
import { expectAccessible } from './expect-accessible.ts'
import { expect, test } from './marketplace.ts'
import { createKey, followReceipt, sendRequest } from './steps.ts'

test('a browser wallet signs in, deposits, sets the ceiling and pays for a request until it is settled', async ({
  page,
  market,
}) => {
  const { info } = market
  const asked = await installWallet(page, flowWallet(info.chainRpcUrl))

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
  await expect(page.getByText('Deposited, and the ceiling is on the chain.')).toBeVisible({ timeout: 120_000 })
  await expect(page.getByText('Held by').locator('..')).toContainText('your wallet')
  await expectAccessible(page)
  const movements = page.getByRole('table', { name: 'Movements' })
  await expect(movements.getByText('ceiling raised to')).toBeVisible({ timeout: 120_000 })
  await expect(page.locator('dl').first()).toContainText('$3.00')
  expect(asked.filter((method) => method === 'eth_signTypedData_v4')).toHaveLength(1)

  const secret = await createKey(page, 'wallet-flow')
  const requestId = await sendRequest(info, secret)
  await followReceipt(page, requestId)

  await page.goto(`${info.url}/balance`)
  const amount = page.getByRole('textbox', { name: 'Ask money back' })
  await amount.fill('4')
  await page.getByRole('button', { name: 'Ask back with Flow Wallet' }).click()
  await expect(page.getByText('that is what no claim has drawn')).toBeVisible()
  await amount.fill('1.25')
  await page.getByRole('button', { name: 'Ask back with Flow Wallet' }).click()
  await expect(page.getByText('$1.25 are asked back and can leave from')).toBeVisible({ timeout: 120_000 })
  await expectAccessible(page)
  await expect(page.getByRole('button', { name: 'Withdraw with Flow Wallet' })).toHaveCount(0)
  await page.getByRole('button', { name: 'Take the request back with Flow Wallet' }).click()
  await expect(amount).toBeVisible({ timeout: 120_000 })
})

test('a provider stakes from its own wallet: closed halfway, clicked twice and asked again, it is put up once', async ({
  page,
  market,
}) => {
  const { info } = market
  const own = flowWallet(info.chainRpcUrl)
  const asked = await installWallet(page, own)
  const sent = () => asked.filter((method) => method === 'eth_sendTransaction').length
  await page.goto(`${info.url}/sign-in`)
  await page.getByRole('button', { name: 'Continue with Flow Wallet' }).click()
  await page.getByLabel('Organisation').fill('Stake Holders')
  await page.getByRole('button', { name: 'Create organisation' }).click()
  await expect(page.getByRole('heading', { name: 'Stake Holders' })).toBeVisible()
  await page.goto(`${info.url}/provider/list`)
  await page.getByRole('button', { name: 'Be paid to Flow Wallet' }).click()
  await expect(page.getByText('This wallet has signed that it is to be paid.')).toBeVisible()
  await page.getByRole('button', { name: 'Become a provider' }).click()
  await page.getByRole('button', { name: 'List a node' }).first().click()
  await expect(page.getByLabel('Node name')).toBeVisible()
  const step = `${page.url().split('?')[0]}?step=stake`
  const stake = page.getByRole('button', { name: 'Stake with Flow Wallet' })
  const amount = page.getByLabel('Your stake is to be at least')

  // Too little is refused at its field, and another account of the wallet before anything is sent.
  await page.goto(step)
  await expectAccessible(page)
  await amount.fill('99')
  await stake.click()
  await expect(page.getByText('A stake is at least $100 and at most $1,000,000.')).toBeVisible()
  await installWallet(page, flowWallet(info.chainRpcUrl))
  await page.reload()
  await expect(async () => {
    await stake.click()
    await expect(page.getByText('Choose that account in the wallet, and press again.')).toBeVisible({ timeout: 5_000 })
  }).toPass({ timeout: 180_000 })
  await installWallet(page, own)
  expect(sent()).toBe(0)

  // Closed as soon as the wallet was asked for the first transaction: pressing again goes on where the chain is.
  await page.reload()
  await stake.dblclick()
  await expect.poll(sent, { timeout: 120_000 }).toBeGreaterThan(0)
  await page.reload()
  await expect(async () => {
    await stake.dblclick()
    await expect(page.getByText(/\$100\.00 of your wallet are in the vault|holds \$100\.00 already/)).toBeVisible({
      timeout: 20_000,
    })
  }).toPass({ timeout: 300_000 })
  const checklist = page.getByRole('complementary', { name: 'How far it is' })
  await expect(checklist).toContainText('$100.00 are staked on the chain.', { timeout: 120_000 })

  // Test USDC, approval, stake: each once, however often it was pressed.
  expect(sent()).toBe(3)
  await page.reload()
  await stake.click()
  await expect(page.getByText('The vault holds $100.00 already. Nothing was sent.')).toBeVisible({ timeout: 120_000 })
  expect(sent()).toBe(3)
  await expectAccessible(page)
})

/** Of a new account each time. */
function flowWallet(rpcUrl: string): WalletOptions {
  const chain = defineChain({
    id: 31_337,
    name: 'Isochrone',
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [rpcUrl] } },
  })
  return { account: privateKeyToAccount(generatePrivateKey()), chain, rpcUrl, name: 'Flow Wallet' }
}
