/**
 * Money is conserved: asked of the chain after every step, from what it holds and from every event since the deployment.
 */
import {
  channelState,
  getIsochroneEvents,
  moneyHolders,
  pendingOf,
  solvency,
  tokenBalance,
  type ChainReader,
} from '@isochrone/contracts-client'
import { erc20Abi, type Hex } from 'viem'
import { REORG_BLOCKS_MAX } from './day-chain.ts'
import { TREASURY, type DayWorld } from './day-world.ts'

export type DayEvents = Awaited<ReturnType<typeof getIsochroneEvents>>

export interface CheckedMoney {
  events: DayEvents
  /** Of everybody who has any, in a fixed order, µUSD. */
  balances: bigint[]
  /** Claimed, and neither paid out nor refunded yet, µUSD. */
  pendingMicroUsd: bigint
}

/** @throws Error naming the identity that does not hold. */
export async function checkMoney(world: DayWorld): Promise<CheckedMoney> {
  const { reader } = world
  const holdings = await Promise.all(moneyHolders.map((holder) => solvency(reader, holder)))
  holdings.forEach(({ held, owed }, index) => same(`what ${moneyHolders[index]} holds and owes`, held, owed))
  const holders = [
    ...moneyHolders.map((name) => world.deployment.addresses[name]),
    ...world.payers.map(({ wallet }) => wallet?.sender.account.address ?? world.managedAddress),
    ...world.providers.map(({ payout }) => payout),
    ...world.arbiters.map(({ sender }) => sender.account.address),
    ...[world.operator, world.stranger, world.auditor, world.laneOperator, world.administrator].map(
      ({ sender }) => sender.account.address,
    ),
    TREASURY,
  ]
  const balances = await Promise.all(holders.map((address) => tokenBalance(reader, address)))
  const supply = await reader.publicClient.readContract({
    address: world.deployment.addresses.token,
    abi: erc20Abi,
    functionName: 'totalSupply',
  })
  same('the sum of all balances and all money', total(balances), supply)

  const events = await eventsOf(world)
  return { events, balances, pendingMicroUsd: await checkFlows(world, reader, events) }
}

interface ReadEvents {
  /** Every block up to here was read. */
  upTo: bigint
  events: DayEvents
}
const readBefore = new WeakMap<DayWorld, ReadEvents>()

/** Since the deployment; what no reorganisation of a day can take away is read once. */
async function eventsOf(world: DayWorld): Promise<DayEvents> {
  const { reader, deployment } = world
  const before = readBefore.get(world) ?? { upTo: BigInt(deployment.blockNumber) - 1n, events: [] }
  const head = await reader.publicClient.getBlockNumber()
  const final = head - BigInt(REORG_BLOCKS_MAX)
  const fresh = await getIsochroneEvents(reader, { fromBlock: before.upTo + 1n, toBlock: head })
  if (final > before.upTo) {
    const kept = fresh.filter(({ blockNumber }) => blockNumber <= final)
    readBefore.set(world, { upTo: final, events: [...before.events, ...kept] })
  }
  return [...before.events, ...fresh]
}

/** Payers' debit = providers' credit + fees + pending + refunds. What is pending, µUSD. */
async function checkFlows(world: DayWorld, reader: ChainReader, events: DayEvents): Promise<bigint> {
  const sum = { paid: 0n, net: 0n, fee: 0n, refunded: 0n }
  const owed = new Map<string, { providerId: Hex; lane: Hex; epoch: number }>()
  for (const { eventName, args } of events) {
    if (eventName === 'Claimed') {
      sum.paid += args.paid
      const { providerId, lane, epoch } = args
      owed.set(`${providerId}:${lane}:${epoch}`, { providerId, lane, epoch: Number(epoch) })
    }
    if (eventName === 'Settled') {
      sum.net += args.net
      sum.fee += args.fee
    }
    if (eventName === 'PendingRefunded') sum.refunded += args.amount
  }
  const channels = await Promise.all(world.payers.map(({ channelId }) => channelState(reader, channelId)))
  // As events and channels are: without what the worker has sent and no block has included.
  const pendings = await Promise.all([...owed.values()].map((key) => pendingOf(reader, key, 'latest')))
  const claimed = total(channels.map((channel) => channel.claimed))
  same("payers' debit and the claims that were paid", claimed, sum.paid)
  same('the claims that were paid and what became pending', sum.paid, total(pendings.map((pending) => pending.claimed)))
  const left = total(pendings.map((pending) => pending.claimed - pending.settled))
  same("payers' debit and credit + fees + pending + refunds", claimed, sum.net + sum.fee + left + sum.refunded)
  const paidOut = await Promise.all(world.providers.map(({ payout }) => tokenBalance(reader, payout)))
  same("providers' credit and their payouts", sum.net, total(paidOut))
  for (const { deposited, withdrawn, ceiling, claimed: drawn } of channels) {
    if (drawn > deposited - withdrawn || drawn > ceiling)
      throw new Error('a channel was drawn beyond its money or ceiling')
  }
  return left
}

export function total(amounts: readonly bigint[]): bigint {
  return amounts.reduce((sum, amount) => sum + amount, 0n)
}

export function same(what: string, a: bigint, b: bigint): void {
  if (a !== b) throw new Error(`${what} differ: ${a} and ${b} µUSD`)
}
