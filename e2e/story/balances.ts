/**
 * The last page of the story: every balance, from public data alone. What the epoch files sum up to is what the chain paid; deposits,
 * penalties and refunds are what the channel holds; stake lost what was credited; to the micro-USD.
 */
import { createReadStream } from 'node:fs'
import {
  channelState,
  moneyHolders,
  settledTotal,
  solvency,
  stakeOf,
  testUsdcAbi,
  tokenBalance,
} from '@isochrone/contracts-client'
import { formatUsd } from '@isochrone/domain'
import { readEpochFile, type Hex } from '@isochrone/protocol'
import { fetchEpochFile } from '@isochrone/verifier'
import { allEvents } from './breach.ts'
import { stakeUsd } from './provider.ts'
import type { Step } from './run-story.ts'
import { depositMicroUsd } from './team.ts'
import { expect, type World } from './world.ts'

export const balanceSteps: readonly Step[] = [
  {
    name: 'balances',
    title: 'Every balance equals receipts, penalties and credits to the micro-USD',
    limitMs: 600_000,
    async run(world) {
      let said = ''
      // Vouchers are claimed and epochs settled by rounds of the worker: the sums meet when the last of them is done.
      await expect(async () => {
        said = await compare(world)
      }).toPass({ timeout: 500_000, intervals: [5_000] })
      return said
    },
  },
]

async function compare(world: World): Promise<string> {
  const { reader, provider, team, market } = world
  const events = await allEvents(world)
  const sumOf = (amounts: readonly bigint[]) => amounts.reduce((sum, amount) => sum + amount, 0n)
  const opened = events.find(
    (event) => event.eventName === 'ChannelOpened' && event.args.owner === team.account.address,
  )
  if (opened?.eventName !== 'ChannelOpened') throw new Error('The team opened no channel.')
  const { channelId } = opened.args
  const registered = events.find((event) => event.eventName === 'ProviderRegistered')
  if (registered?.eventName !== 'ProviderRegistered') throw new Error('No provider registered.')
  const { providerId } = registered.args

  const credited = sumOf(events.map((event) => (event.eventName === 'Credited' ? event.args.amount : 0n)))
  const penalties = sumOf(events.map((event) => (event.eventName === 'PenaltyPaid' ? event.args.credited : 0n)))
  const refunds = events.flatMap((event) => (event.eventName === 'RefundDrawn' ? [event.args] : []))
  const fromPending = sumOf(refunds.map((refund) => refund.fromPending))
  const fromStake = sumOf(refunds.map((refund) => refund.fromProvider))
  const refunded = sumOf(events.map((event) => (event.eventName === 'DisputeClosed' ? event.args.refunded : 0n)))

  const receipts = await receiptsOf(world, channelId, events)
  const channel = await channelState(reader, channelId)
  expect(channel.claimed, 'claimed = Σ receipts').toBe(receipts)
  expect(refunded, 'refunded = what was drawn').toBe(
    sumOf(refunds.map((each) => each.fromPending + each.fromProvider + each.fromLane + each.fromTreasury)),
  )
  expect(channel.deposited, 'deposited = deposit + penalties + refunds').toBe(depositMicroUsd + penalties + refunded)
  expect(credited + fromPending, 'credits on the channel = penalties + refunds').toBe(penalties + refunded)

  const stake = await stakeOf(reader, providerId)
  expect(stake.tokens, 'stake = staked − penalties − refunds from stake').toBe(
    BigInt(stakeUsd) * 1_000_000n - penalties - fromStake,
  )
  const settled = events.flatMap((event) => (event.eventName === 'Settled' ? [event.args] : []))
  const net = sumOf(settled.map((each) => each.net))
  const fee = sumOf(settled.map((each) => each.fee))
  expect(await settledTotal(reader, providerId), 'settled = Σ gross').toBe(sumOf(settled.map((each) => each.gross)))
  expect(net + fee + fromPending, 'net + fee + refunds from pending = Σ receipts').toBe(receipts)
  expect(await tokenBalance(reader, provider.account.address), 'the payout address holds the net').toBe(net)
  expect(await tokenBalance(reader, team.account.address), 'the bond came back').toBe(
    BigInt(reader.deployment.params.disputeBondMicroUsd),
  )
  expect(await paidToTreasury(world), 'the bond of the contested record is the treasury’s').toBe(lostBonds(events))
  for (const holder of moneyHolders) {
    const { held, owed } = await solvency(reader, holder)
    expect(held >= owed, `${holder} holds what it owes`).toBe(true)
  }
  const { page } = team
  await page.goto(`${market.info.url}/balance`)
  const inChannel = channel.deposited - channel.withdrawn - channel.claimed
  await expect(page.locator('dl').first()).toContainText(formatUsd(inChannel), { timeout: 10_000 })
  return `receipts ${receipts}, penalties ${penalties}, refunds ${refunded}, net ${net}, fee ${fee}, left in the channel ${inChannel} µUSD`
}

type Events = Awaited<ReturnType<typeof allEvents>>

/** Σ of the bonds of challenges that arbiters dismissed. */
function lostBonds(events: Events): bigint {
  const bonds = new Map<string, bigint>()
  let lost = 0n
  for (const event of events) {
    if (event.eventName !== 'RecordChallenged' && event.eventName !== 'ChallengeResolved') continue
    const key = `${event.args.nodeId}:${event.args.lane}:${event.args.epoch}`
    if (event.eventName === 'RecordChallenged') bonds.set(key, event.args.bond)
    else if (!event.args.upheld) lost += bonds.get(key) ?? 0n
  }
  expect(lost > 0n, 'a contested record was dismissed').toBe(true)
  return lost
}

/** What the ledger sent there: nothing but lost bonds, since no lane was punished. */
async function paidToTreasury({ reader }: World): Promise<bigint> {
  const { token, ledger } = reader.deployment.addresses
  const logs = await reader.publicClient.getContractEvents({
    address: token,
    abi: testUsdcAbi,
    eventName: 'Transfer',
    args: { from: ledger, to: reader.deployment.params.treasury },
    fromBlock: 0n,
    strict: true,
  })
  return logs.reduce((sum, { args }) => sum + args.value, 0n)
}

/** Σ price of every receipt of the channel, from the published files of all anchored epochs. */
async function receiptsOf({ market }: World, channelId: Hex, events: Events): Promise<bigint> {
  let sum = 0n
  for (const event of events) {
    if (event.eventName !== 'EpochAnchored') continue
    const file = await fetchEpochFile(market.info.gatewayUrl, Number(event.args.epoch))
    try {
      for await (const { line } of readEpochFile(createReadStream(file.path))) {
        if (line.kind === 'delivery' && line.delivery.value.channelId === channelId) sum += line.delivery.value.price
        if (line.kind === 'lease' && line.lease.channelId === channelId) sum += line.lease.price
      }
    } finally {
      await file.remove()
    }
  }
  return sum
}
