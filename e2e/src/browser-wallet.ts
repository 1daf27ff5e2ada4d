/**
 * A wallet for tests: announces itself by EIP-6963 and speaks EIP-1193, as an extension would. Its key stays in Node, so
 * a test may use any account; what it was asked for is on record.
 */
import type { Page } from '@playwright/test'
import { createWalletClient, http, numberToHex, type Chain, type Hex, type PrivateKeyAccount } from 'viem'

export interface WalletOptions {
  account: PrivateKeyAccount
  chain: Chain
  rpcUrl: string
  name: string
}

interface Answer {
  result?: unknown
  error?: { code: number; message: string }
}

const installed = new WeakMap<Page, { handle: Handler }>()

/**
 * Puts the wallet into every page opened from now on. Returns the methods that it was asked, in order. Again in the same
 * browser: its account is another one, under the name that it had.
 */
export async function installWallet(page: Page, options: WalletOptions): Promise<string[]> {
  const asked: string[] = []
  const before = installed.get(page)
  if (before) {
    before.handle = createHandler(options)
    return asked
  }
  const wallet = { handle: createHandler(options) }
  installed.set(page, wallet)
  await page.exposeFunction('isochroneTestWallet', async (method: string, params: unknown[]): Promise<Answer> => {
    asked.push(method)
    try {
      return { result: await wallet.handle(method, params) }
    } catch (error) {
      const { code = -32_603, message = 'failed' } = error as { code?: number; message?: string }
      return { error: { code, message } }
    }
  })
  await page.addInitScript(announceWallet, options.name)
  return asked
}

/** Runs in the page; it must not use anything from outside its own body. */
function announceWallet(name: string): void {
  type Listener = (...args: unknown[]) => void
  const page = globalThis as unknown as EventTarget & {
    isochroneTestWallet(method: string, params: unknown[]): Promise<Answer>
  }
  const listeners = new Map<string, Set<Listener>>()
  const provider = {
    async request({ method, params = [] }: { method: string; params?: unknown[] }) {
      const { result, error } = await page.isochroneTestWallet(method, params)
      if (error) throw Object.assign(new Error(error.message), { code: error.code })
      return result
    },
    on(event: string, listener: Listener) {
      listeners.set(event, (listeners.get(event) ?? new Set()).add(listener))
      return provider
    },
    removeListener(event: string, listener: Listener) {
      listeners.get(event)?.delete(listener)
      return provider
    },
  }
  const icon = 'data:image/svg+xml,<svg xmlns="http://www.w3.org/2000/svg"/>'
  const info = { uuid: crypto.randomUUID(), name, icon, rdns: 'test.isochrone.wallet' }
  const announce = () =>
    page.dispatchEvent(new CustomEvent('eip6963:announceProvider', { detail: Object.freeze({ info, provider }) }))
  page.addEventListener('eip6963:requestProvider', announce)
  announce()
}

type Handler = (method: string, params: unknown[]) => Promise<unknown>

function createHandler({ account, chain, rpcUrl }: WalletOptions): Handler {
  const client = createWalletClient({ account, chain, transport: http(rpcUrl) })
  let connected = false
  const connect = () => {
    connected = true
    return [account.address]
  }
  const permissions = () => [
    { parentCapability: 'eth_accounts', caveats: [{ type: 'restrictReturnedAccounts', value: connect() }] },
  ]
  const own: Record<string, (params: unknown[]) => Promise<unknown>> = {
    // Empty until the person agrees: otherwise pages would connect by themselves.
    eth_accounts: async () => (connected ? [account.address] : []),
    eth_requestAccounts: async () => connect(),
    wallet_requestPermissions: async () => permissions(),
    wallet_getPermissions: async () => (connected ? permissions() : []),
    eth_chainId: async () => numberToHex(chain.id),
    wallet_switchEthereumChain: async () => null,
    wallet_addEthereumChain: async () => null,
    personal_sign: ([raw]) => account.signMessage({ message: { raw: raw as Hex } }),
    eth_signTypedData_v4: ([, text]) => account.signTypedData(withoutDomainType(String(text))),
    eth_sendTransaction: ([request]) => {
      const { to, data, value } = request as { to: Hex; data?: Hex; value?: Hex }
      return client.sendTransaction({ to, ...(data && { data }), ...(value && { value: BigInt(value) }) })
    },
  }
  return (method, params) =>
    own[method]?.(params) ?? client.request({ method, params } as unknown as Parameters<typeof client.request>[0])
}

/** viem derives `EIP712Domain` from the domain and refuses to be told twice. */
function withoutDomainType(text: string): Parameters<PrivateKeyAccount['signTypedData']>[0] {
  const { types, ...rest } = JSON.parse(text) as { types: Record<string, unknown> }
  const { EIP712Domain: _, ...own } = types
  return { ...rest, types: own } as unknown as Parameters<PrivateKeyAccount['signTypedData']>[0]
}
