/**
 * What the parts of the story share: one marketplace that began empty, one browser with a context of its own for each person,
 * the wallets they hold and the agents that a provider's commands started.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createChainReader, readDeployment, type ChainReader } from '@isochrone/contracts-client'
import type { RunningProcess } from '@isochrone/local-stack'
import { chromium, expect as playwrightExpect, type Browser, type BrowserContext, type Page } from '@playwright/test'
import { defineChain, type Chain, type Hex } from 'viem'
import { generatePrivateKey, privateKeyToAccount, type PrivateKeyAccount } from 'viem/accounts'
import { chromiumArgs } from '../../tools/chromium/chromium-args.ts'
import { installedChromium } from '../../tools/chromium/find-chromium.ts'
import type { Marketplace } from '../../tools/start/marketplace.ts'
import { installWallet } from '../src/browser-wallet.ts'
import type { Traffic } from './traffic.ts'

/** Conditions are waited for, never times; this bounds one that does not come. */
export const expect = playwrightExpect.configure({ timeout: 120_000 })

/** A person at a browser of their own, with a wallet in it. */
export interface Person {
  readonly name: string
  readonly email: string
  readonly password: string
  readonly account: PrivateKeyAccount
  readonly page: Page
}

/** A machine of the provider: the agent that its command started. */
export interface StoryNode {
  readonly name: string
  readonly dataDir: string
  /** As the market names it, and as the chain does. */
  readonly offerId: string
  readonly nodeId: Hex
  readonly agent: RunningProcess
}

export interface StoryLease {
  readonly id: string
  /** The node that was killed under it. */
  readonly firstNode: string
}

export interface World {
  readonly market: Marketplace
  readonly chain: Chain
  readonly reader: ChainReader
  readonly dir: string
  /** Their browser, opened the first time. */
  person(name: string): Promise<Person>
  readonly nodes: Map<string, StoryNode>
  readonly provider: Person
  readonly team: Person
  readonly providerName: string
  /** Of the team; set once it has made one. */
  apiKey: string
  model: string
  lease: StoryLease | null
  traffic: Traffic | null
  /** The node that is being slowed; `release` lets it go. */
  slowed: { release(): Promise<void> } | null
  disputeId: string | null
  closed: boolean
  /** Puts another wallet into a person's browser, for the pages that it opens from then on. Returns its name there. */
  giveWallet(person: Person, key: Hex, label: string): Promise<string>
  /** Stops what the story itself started; the marketplace is stopped by who started it. */
  close(): Promise<void>
  /** A picture and the text of every page, for whoever looks why a step failed. */
  snapshot(name: string): Promise<void>
}

export async function createWorld(market: Marketplace, options: { headed: boolean; dir: string }): Promise<World> {
  const { info } = market
  const deployment = await readDeployment(info.deploymentFile)
  if (!deployment) throw new Error(`${info.deploymentFile} is missing: the contracts are not deployed.`)
  const chain = defineChain({
    id: deployment.chainId,
    name: 'Isochrone',
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [info.chainRpcUrl] } },
  })
  const executablePath = installedChromium()
  const browser: Browser = await chromium.launch({
    headless: !options.headed,
    args: [...chromiumArgs],
    ...(executablePath && { executablePath }),
  })
  const contexts: BrowserContext[] = []
  const people = new Map<string, Person>()

  async function person(name: string): Promise<Person> {
    const known = people.get(name)
    if (known) return known
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
    contexts.push(context)
    context.setDefaultTimeout(120_000)
    const page = await context.newPage()
    const account = privateKeyToAccount(generatePrivateKey())
    // An arbiter's wallet is the one that the chain draws: see `giveWallet`.
    if (!name.endsWith('Arbiter')) {
      await installWallet(page, { account, chain, rpcUrl: info.chainRpcUrl, name: `${name} wallet` })
    }
    const email = `${name.toLowerCase().replace(/\W+/g, '-')}@isochrone.test`
    const made: Person = { name, email, password: 'a long enough password', account, page }
    people.set(name, made)
    return made
  }

  const nodes = new Map<string, StoryNode>()
  const world: World = {
    market,
    chain,
    reader: createChainReader({ rpcUrl: info.chainRpcUrl, deployment }),
    dir: options.dir,
    person,
    nodes,
    provider: await person('Ada Provider'),
    team: await person('Grace Team'),
    providerName: 'Ada Compute',
    apiKey: '',
    model: '',
    lease: null,
    traffic: null,
    slowed: null,
    disputeId: null,
    closed: false,
    async giveWallet({ page }, key, label) {
      const account = privateKeyToAccount(key)
      await installWallet(page, { account, chain, rpcUrl: info.chainRpcUrl, name: label })
      return label
    },
    async close() {
      world.closed = true
      await world.slowed?.release()
      await world.traffic?.stop()
      await Promise.all(contexts.map((context) => context.close().catch(() => {})))
      await browser.close()
      // A stopped process hears SIGTERM only when it goes on.
      for (const { agent } of nodes.values()) tryKill(agent.pid, 'SIGCONT')
      await Promise.all([...nodes.values()].map(({ agent }) => agent.stop(3_000)))
    },
    async snapshot(name) {
      mkdirSync(options.dir, { recursive: true })
      for (const { name: who, page } of people.values()) {
        const path = join(options.dir, `${name}-${who.split(' ')[0]}.png`)
        await page.screenshot({ path, fullPage: true, timeout: 10_000 }).catch(() => {})
      }
    },
  }
  return world
}

export function tryKill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended already.
  }
}

/** The one node of that name. */
export function nodeOf(world: World, name: string): StoryNode {
  const node = world.nodes.get(name)
  if (!node) throw new Error(`No node ${name} has joined: an earlier step was left out.`)
  return node
}
