/** Signs a browser in as one of the demo's people, or as somebody who came with a wallet and has no organisation yet. */
import type { BrowserContext } from '@playwright/test'
import { createPublicClient, http } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { createSiweMessage } from 'viem/siwe'
import type { InstanceInfo } from '../start/instance-file.ts'
import type { PageToShow } from './pages.ts'

export async function signInAs(context: BrowserContext, info: InstanceInfo, role: PageToShow['role']): Promise<void> {
  if (role === 'visitor') return
  if (role === 'newcomer') return signInWithNewWallet(context, info)
  const person = info.signIns.find((one) => one.role === role)
  if (!person) throw new Error(`The demo has no ${role}.`)
  const page = await context.newPage()
  await page.goto(`${info.url}/sign-in`)
  await page.getByLabel('Email').fill(person.email)
  await page.getByLabel('Password').fill(person.password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.waitForURL((url) => !url.pathname.startsWith('/sign-in'))
  await page.close()
}

async function signInWithNewWallet(context: BrowserContext, { url, chainRpcUrl }: InstanceInfo): Promise<void> {
  const account = privateKeyToAccount(generatePrivateKey())
  const post = async (path: string, data: object): Promise<unknown> => {
    const response = await context.request.post(`${url}/api/auth/siwe/${path}`, { data, headers: { origin: url } })
    if (!response.ok()) throw new Error(`A new wallet could not sign in: ${response.status()} ${await response.text()}`)
    return response.json()
  }
  const { nonce } = (await post('nonce', {})) as { nonce: string }
  const message = createSiweMessage({
    domain: new URL(url).host,
    address: account.address,
    uri: url,
    version: '1',
    chainId: await createPublicClient({ transport: http(chainRpcUrl) }).getChainId(),
    nonce,
  })
  await post('verify', { message, signature: await account.signMessage({ message }) })
}
