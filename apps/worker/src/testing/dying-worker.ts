/**
 * A worker that is killed around every transaction that it sends: the first time that one is handed to the chain, after it was decided,
 * signed and put on record, and before the chain has it; the second time after the chain has it and before anybody is told.
 *
 * Killed means that nothing of that life does anything any more: its requests to the chain and to the database hang for ever.
 * The next life begins with the database alone, as a process that is started again does.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { functionNameOf } from '@isochrone/contracts-client'
import type { Store } from '@isochrone/db'
import { keccak256, parseTransaction, type Hex } from 'viem'
import { createChain } from '../chain/create-chain.ts'
import { pendingTransactions } from '../chain/pending-transactions.ts'
import type { TestMarket } from './test-market.ts'

export interface Life {
  chain: ReturnType<typeof createChain>
  store: Store
}

interface Fate {
  isDead: boolean
  died: Promise<null>
  die: () => void
}

/** Who watches, while the chain waits for them. */
export interface Watcher {
  /** What was sent arrives now, and the one that sent it dies. */
  onArrived?: () => Promise<void>
  /** A life asks what became of a transaction. */
  onLook?: () => void
}

/** More than any work of a test has transactions, twice. */
const LIVES_MAX = 60
const never = () => new Promise<never>(() => {})

export async function startDyingWorker(
  chainRpcUrl: string,
  market: TestMarket,
  { onArrived = async () => {}, onLook = () => {} }: Watcher = {},
) {
  const fates: Fate[] = []
  const seen = new Map<Hex, number>()
  let deaths: string[] = []

  async function forward(body: string): Promise<string> {
    const headers = { 'content-type': 'application/json' }
    return (await fetch(chainRpcUrl, { method: 'POST', headers, body })).text()
  }

  /** Null for whoever is dead: nobody waits for it. */
  async function answer(fate: Fate, body: string): Promise<string | null> {
    const { method, params } = JSON.parse(body) as { method: string; params: readonly unknown[] }
    if (fate.isDead) return null
    if (method === 'eth_getTransactionReceipt') onLook()
    if (method !== 'eth_sendRawTransaction') return forward(body)
    const raw = params[0] as Hex
    const [hash, name] = [keccak256(raw), functionNameOf(parseTransaction(raw).data ?? '0x') ?? 'another call']
    const times = seen.get(hash) ?? 0
    seen.set(hash, times + 1)
    if (times === 1) await onArrived()
    const found = times === 0 ? null : await forward(body)
    if (times > 1) return found
    deaths.push(`${name} ${times === 0 ? 'not sent' : 'not recorded'}`)
    fate.isDead = true
    fate.die()
    return null
  }

  const server = createServer((request, response) => {
    void (async () => {
      const fate = fates[Number(request.url?.slice(1))]
      const found = fate ? await answer(fate, await text(request)) : null
      if (found !== null) response.writeHead(200, { 'content-type': 'application/json' }).end(found)
    })().catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo

  function begin(): Life & { fate: Fate } {
    const { promise: died, resolve } = Promise.withResolvers<null>()
    const fate: Fate = { isDead: false, died, die: () => resolve(null) }
    const life = fates.push(fate) - 1
    const store = mortal(market.store, fate)
    const { OPERATOR_KEY: operatorKey, MANAGED_WALLET_KEY: managedWalletKey } = market.env
    const { deployment, profile } = market
    const pending = pendingTransactions(store.pendingTransactions)
    const rpcUrl = `http://127.0.0.1:${port}/${life}`
    return { fate, store, chain: createChain({ rpcUrl, deployment, operatorKey, managedWalletKey, profile, pending }) }
  }

  return {
    /** Does it again, with nothing but what is stored, until a life comes to its end. Says how it ended. */
    async run<T>(work: (life: Life) => Promise<T>): Promise<T> {
      for (let lives = 0; lives < LIVES_MAX; lives++) {
        const { fate, ...life } = begin()
        const done = work(life).then((value) => ({ value }))
        // Of the dead nobody hears any more.
        done.catch(() => {})
        const ended = await Promise.race([done, fate.died])
        if (ended !== null) return ended.value
      }
      throw new Error(`it dies for ever: ${deaths.join(', ')}`)
    },
    /** Since it was asked last: the function that was called, and where the process died. */
    takeDeaths(): string[] {
      const taken = deaths
      deaths = []
      return taken
    },
    async stop(): Promise<void> {
      for (const fate of fates) fate.isDead = true
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** What a process holds of others: out of its reach once it is dead. */
function mortal<T extends object>(target: T, fate: Fate): T {
  return new Proxy(target, {
    get(object, key, receiver) {
      const value: unknown = Reflect.get(object, key, receiver)
      if (typeof value === 'object' && value !== null) return mortal(value, fate)
      if (typeof value !== 'function') return value
      return (...args: unknown[]): unknown => (fate.isDead ? never() : Reflect.apply(value, object, args))
    },
  })
}
