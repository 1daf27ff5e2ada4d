/**
 * The dispute: the team asks back what it paid for an answer that is noise (the weights of the demo's models are random), the provider
 * contests it, two arbiters rule with their own wallets, and the worker executes.
 */
import { panelOf } from '@isochrone/contracts-client'
import { usdFromMicroUsd } from '@isochrone/domain'
import { eachOfTwo, type Seat } from './arbiters.ts'
import { allEvents, eventOf } from './breach.ts'
import type { Step } from './run-story.ts'
import { clientOptions } from './team.ts'
import { startTraffic } from './traffic.ts'
import { expect, type World } from './world.ts'

export const disputeSteps: readonly Step[] = [
  {
    name: 'dispute',
    title: 'The team disputes the receipt of an answer that is noise, with a bond from its wallet',
    limitMs: 600_000,
    async run(world) {
      await askSlowedNode(world)
      await world.slowed?.release()
      const { team, market } = world
      const { page } = team
      await openNewestRequest(world)
      await expect(page.getByText(/siblings? leads? from this receipt to root/)).toBeVisible({ timeout: 150_000 })
      await page.getByRole('link', { name: /^Receipt [\d,]+ in full$/ }).click()
      await page.getByRole('link', { name: 'Dispute', exact: true }).click()
      await page.getByLabel('What is wrong').selectOption('wrong_output')
      await page.getByLabel('Evidence').fill('It was asked for a few words, and not one of what it answered is a word.')
      await page.getByRole('button', { name: /^File with a bond of/ }).click()
      await page.getByRole('button', { name: `Sign with ${team.name} wallet` }).click()
      const filed = await eventOf(world, ({ eventName }) => eventName === 'DisputeFiled')
      if (filed.eventName !== 'DisputeFiled') throw new Error('unreachable')
      world.disputeId = String(filed.args.disputeId)
      await page.goto(`${market.info.url}/disputes`)
      await expect(async () => {
        await page.reload()
        await page.getByRole('link', { name: `No. ${world.disputeId}` }).click({ timeout: 3_000 })
      }).toPass({ timeout: 60_000 })
      return `dispute ${world.disputeId}`
    },
  },
  {
    name: 'contest',
    title: 'The provider contests that too',
    limitMs: 360_000,
    async run(world) {
      const id = disputeIdOf(world)
      const { page } = world.provider
      await page.goto(`${world.market.info.url}/disputes/${id}`)
      await page
        .getByLabel('Your answer')
        .fill('The answer is what the model says, token by token, and its receipt counts them.')
      await page.getByRole('button', { name: `Answer dispute ${id}` }).click()
      await eventOf(world, ({ eventName }) => eventName === 'DisputeAnswered')
      await expect(page.getByText('Ordered: the platform’s account sends it')).toBeVisible()
    },
  },
  {
    name: 'rule',
    title: 'Two arbiters of its panel rehearse, sign and rule',
    limitMs: 600_000,
    async run(world) {
      const id = BigInt(disputeIdOf(world))
      await eventOf(world, ({ eventName }) => eventName === 'PanelDrawn')
      const panel = await panelOf(world.reader, { disputeId: id, appeal: false })
      await eachOfTwo(world, panel, (seat) => vote(world, seat))
      const ruled = await eventOf(world, ({ eventName }) => eventName === 'DisputeRuled')
      if (ruled.eventName !== 'DisputeRuled') throw new Error('unreachable')
      return `${ruled.args.refund} µUSD are to go back`
    },
  },
  {
    name: 'execute',
    title: 'Nobody appeals: the ruling is executed on-chain',
    limitMs: 600_000,
    async run(world) {
      const closed = await eventOf(world, ({ eventName }) => eventName === 'DisputeClosed')
      if (closed.eventName !== 'DisputeClosed') throw new Error('unreachable')
      const { page } = world.team
      await page.goto(`${world.market.info.url}/disputes/${disputeIdOf(world)}`)
      await expect(page.getByText('executed', { exact: true }).first()).toBeVisible()
      return `${closed.args.refunded} µUSD came back`
    },
  },
]

export function disputeIdOf(world: World): string {
  if (!world.disputeId) throw new Error('Nothing is disputed: an earlier step was left out.')
  return world.disputeId
}

/** A few requests more, so that what is disputed is young enough to be filed. */
async function askSlowedNode(world: World): Promise<void> {
  const { apiKey, model } = world
  const traffic = startTraffic({ ...clientOptions(world), apiKey, model })
  world.traffic = traffic
  await expect.poll(() => traffic.answered, { timeout: 180_000 }).toBeGreaterThan(2)
  await traffic.stop()
}

/** Its traffic has ended, so the newest request is one that the slowed node answered. */
async function openNewestRequest({ team, market }: World): Promise<void> {
  const { page } = team
  await page.goto(`${market.info.url}/requests`)
  const newest = page.getByRole('table', { name: 'Requests' }).getByRole('row').nth(1)
  await newest.getByRole('link').first().click()
  await expect(page.getByRole('heading', { level: 1 })).toContainText('req_')
}

async function vote(world: World, { page, address, wallet }: Seat): Promise<void> {
  const id = disputeIdOf(world)
  await page.goto(`${world.market.info.url}/admin/disputes/${id}`)
  await page.getByRole('button', { name: `Connect with ${wallet}` }).click()
  const filed = (await allEvents(world)).find(({ eventName }) => eventName === 'DisputeFiled')
  if (filed?.eventName !== 'DisputeFiled') throw new Error('unreachable')
  await page.getByLabel('Refund', { exact: true }).fill(usdFromMicroUsd(filed.args.amount))
  await page
    .getByLabel('Reason', { exact: true })
    .fill('What was delivered is no answer to what was asked: its payer has the price back.')
  await page.getByRole('button', { name: 'Rehearse' }).click()
  await page.getByRole('button', { name: `Sign the vote on dispute ${id}` }).click()
  await eventOf(world, (event) => event.eventName === 'VoteCast' && event.args.arbiter === address)
}
