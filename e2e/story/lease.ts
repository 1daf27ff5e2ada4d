/** The lease: rented on one node, used through its private endpoint, moved when that node is killed, and credited for the gap. */
import OpenAI from 'openai'
import { machines } from './provider.ts'
import type { Step } from './run-story.ts'
import { expect, nodeOf, tryKill, type StoryLease, type World } from './world.ts'

export const leaseSteps: readonly Step[] = [
  {
    name: 'rent',
    title: 'It rents a node: asks for a price, confirms, and the engine is up',
    limitMs: 480_000,
    async run(world) {
      const { page } = world.team
      const { offerId, name } = nodeOf(world, machines.first.name)
      await page.goto(`${world.market.info.url}/leases/new?node=${offerId}`)
      await page.getByLabel('Duration').fill('0.5')
      await page.getByRole('button', { name: 'Ask for a price' }).click()
      await expect(page.getByText(new RegExp(`${name}.* of ${world.providerName}`))).toBeVisible()
      await page.getByRole('button', { name: /^Rent 1 GPU for/ }).click()
      await page.waitForURL(/\/leases\/lease_/)
      const id = page.url().split('/').at(-1) ?? ''
      world.lease = { id, firstNode: name }
      await expect(page.getByText('It answers now')).toBeVisible({ timeout: 120_000 })
      return id
    },
  },
  {
    name: 'endpoint',
    title: 'It sends requests to its private endpoint; a key of nobody else finds it',
    limitMs: 300_000,
    async run(world) {
      const answers = await askLease(world, 5)
      const { baseURL } = await endpointOf(world)
      const stranger = await fetch(`${baseURL}/chat/completions`, {
        method: 'POST',
        headers: { authorization: 'Bearer nobody', 'content-type': 'application/json' },
        body: JSON.stringify({ model: leaseOf(world).id, messages: [{ role: 'user', content: 'Hello' }] }),
      })
      expect(stranger.status).toBe(401)
      // The node is killed only once its time is on a receipt of both sides.
      await expect(world.team.page.getByTestId('lease-verdict')).toContainText('Verified in your browser')
      return `${answers} requests were answered by the leased engine`
    },
  },
  {
    name: 'kill',
    title: 'The node is killed; the lease moves to the other one by itself',
    limitMs: 600_000,
    async run(world) {
      const { page } = world.team
      const killed = nodeOf(world, leaseOf(world).firstNode)
      tryKill(killed.agent.pid, 'SIGKILL')
      await killed.agent.exited
      await expect(page.getByText(/^(once|\d+ times)$/)).toBeVisible({ timeout: 180_000 })
      await expect(async () => {
        await page.reload()
        await expect(page.getByText('It answers now')).toBeVisible({ timeout: 10_000 })
      }).toPass({ timeout: 120_000 })
      await expect(page.getByRole('link', { name: new RegExp(machines.second.name) }).first()).toBeVisible()
      return `${await askLease(world, 3)} requests were answered by ${machines.second.name}`
    },
  },
  {
    name: 'credit',
    title: 'The gap is credited; it stops the lease, and every receipt holds in the browser',
    limitMs: 360_000,
    async run(world) {
      const { page } = world.team
      const credited = page.locator('dt', { hasText: 'Credited' }).locator('..')
      await expect(credited).toContainText('not billed, added to its end')
      const said = (await credited.innerText()).replaceAll('\n', ' ')
      await page.getByRole('button', { name: 'Stop', exact: true }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Stop the lease' }).click()
      await expect(page.locator('dt', { hasText: 'Given back' })).toBeVisible({ timeout: 90_000 })
      await expect(page.getByTestId('lease-verdict')).toContainText('Verified in your browser')
      return said
    },
  },
  {
    name: 'lease-receipt',
    title:
      'A receipt of the lease has a page: signatures, price and proof hold in the browser, and the contract takes the proof',
    limitMs: 480_000,
    async run(world) {
      const { page } = world.team
      await page.getByRole('table', { name: 'Receipts' }).getByRole('row').nth(1).getByRole('link').first().click()
      const heading = page.getByRole('heading', { level: 1 })
      await expect(heading).toContainText('Lease receipt')
      for (const name of provenOfLease) {
        const check = page.getByRole('listitem').filter({ hasText: name })
        await expect(check.getByText('valid', { exact: true })).toBeVisible({ timeout: 180_000 })
      }
      await expect(page.getByRole('img', { name: /^Lease receipt: .* from leaf 0x.* to root 0x/ })).toBeVisible()
      return heading.innerText()
    },
  },
]

/** The last two once its epoch is anchored. */
const provenOfLease = [
  'Signed by the gateway',
  'Signed by the node',
  'Terms have the hash that was signed',
  'Price follows from the terms',
  'The chain holds this root',
  'The contract takes the proof',
] as const

export function leaseOf(world: World): StoryLease {
  if (!world.lease) throw new Error('Nothing was rented: an earlier step was left out.')
  return world.lease
}

/** As the page of the lease shows it. */
async function endpointOf(world: World): Promise<{ baseURL: string; model: string }> {
  const text = await world.team.page.getByRole('region', { name: 'a request to this lease' }).innerText()
  const baseURL = /curl (\S+)\/chat\/completions/.exec(text)?.[1]
  const model = /"model": "([^"]+)"/.exec(text)?.[1]
  if (!baseURL || !model) throw new Error(`The page shows no endpoint: ${text}`)
  return { baseURL, model }
}

/** How many were answered: all of them, or it throws. */
async function askLease(world: World, requests: number): Promise<number> {
  const { baseURL, model } = await endpointOf(world)
  const openai = new OpenAI({ baseURL, apiKey: world.apiKey, maxRetries: 0, timeout: 60_000 })
  for (let asked = 0; asked < requests; asked++) {
    const messages = [{ role: 'user' as const, content: `Question ${asked}.` }]
    const answer = await openai.chat.completions.create({ model, messages, max_tokens: 8 })
    expect(answer.usage?.completion_tokens).toBeGreaterThan(0)
  }
  return requests
}
