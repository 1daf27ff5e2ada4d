/** How a simulated day ends: what is open is settled, and Postgres says of every event what the chain says. */
import { claimedOf } from '@isochrone/contracts-client'
import type { Hex } from '@isochrone/protocol'
import type { DayActions } from './day-actions.ts'
import { dayRounds, type DayWorker } from './day-worker.ts'
import type { DayWorld } from './day-world.ts'
import { checkMoney, same, total, type CheckedMoney, type DayEvents } from './money-check.ts'

const LIVENESS_ROUNDS_MAX = 60
/** Longer than any window, freeze or thaw of the deployment, s. */
const ALL_WINDOWS_S = 1_500

/** The liveness phase: no faults, money for what is short, time for every window. */
export async function finishDay(world: DayWorld, actions: DayActions, worker: DayWorker, say: (line: string) => void) {
  await actions.pause(false)
  actions.closeEpochs()
  for (const payer of world.payers) await actions.topUp(payer, actions.signed(payer.channelId) + 1n)
  for (let round = 0; round < LIVENESS_ROUNDS_MAX; round++) {
    for (const name of dayRounds) await worker.run(name)
    await actions.disputes()
    await world.chain.warp(round % 2 === 1 ? ALL_WINDOWS_S : 1)
    const checked = await checkMoney(world)
    const left = await unfinished(world, checked)
    say(`round ${round}: ${left.join(', ') || 'all is settled'}`)
    if (left.length > 0) continue
    await worker.run('index')
    return checked
  }
  const left = await unfinished(world, await checkMoney(world))
  throw new Error(`not all is settled: ${[...left, ...worker.stuck()].join('; ')}`)
}

/** Nothing is left over: neither in Postgres, nor with the payers' money that providers wait for. */
async function unfinished(world: DayWorld, { events, pendingMicroUsd }: CheckedMoney): Promise<string[]> {
  const epochs = await world.db.epoch.groupBy({ by: ['status'], _count: { _all: true }, orderBy: { status: 'asc' } })
  const left = epochs.filter(({ status }) => status !== 'settled').map((row) => `${row._count._all} ${row.status}`)
  const skipped = await world.db.voucher.findMany({ where: { skippedReason: { not: null } } })
  const missing = world.closed.length - (await world.db.epoch.count())
  left.push(...skipped.map(({ epoch, skippedReason }) => `a voucher of epoch ${epoch} ${skippedReason}`))
  if (missing > 0 || world.outbox.length > 0) left.push(`${world.outbox.length} entries to store`)
  const ended = new Set(events.flatMap((event) => (event.eventName === 'DisputeClosed' ? [event.args.disputeId] : [])))
  const open = events.filter((event) => event.eventName === 'DisputeFiled' && !ended.has(event.args.disputeId)).length
  if (open > 0) left.push(`${open} disputes`)
  if (pendingMicroUsd !== 0n) left.push(`${pendingMicroUsd} µUSD pending`)
  return left
}

/** Every claim once: what lanes signed is what was paid, and Postgres has each event of the chain exactly once. */
export async function checkRecordsOf(world: DayWorld, events: DayEvents): Promise<void> {
  const vouchers = await world.db.voucher.findMany({ orderBy: { epoch: 'asc' } })
  const keys = Map.groupBy(vouchers, ({ channelId, providerId, lane }) => `${channelId} ${providerId} ${lane}`)
  for (const [key, rows] of keys) {
    const [channelId, providerId, lane] = key.split(' ') as [Hex, Hex, Hex]
    const signed = rows.reduce(
      (max, { cumulativeMicroUsd }) => (cumulativeMicroUsd > max ? cumulativeMicroUsd : max),
      0n,
    )
    same(`signed and claimed of ${key}`, signed, await claimedOf(world.operator, { channelId, providerId, lane }))
    same(`signed and noted as paid of ${key}`, signed, total(rows.map(({ paidMicroUsd }) => paidMicroUsd ?? 0n)))
  }
  const settled = events.filter((event) => event.eventName === 'Settled')
  const payouts = await world.db.payout.findMany()
  same('payouts in Postgres and on the chain', BigInt(payouts.length), BigInt(settled.length))
  const gross = total(settled.map(({ args }) => args.gross))
  same('what payouts in Postgres and on the chain amount to', total(payouts.map((row) => row.grossMicroUsd)), gross)
  const claims = await world.db.channelMovement.findMany({ where: { kind: 'claim' } })
  const paid = events.filter((event) => event.eventName === 'Claimed')
  same('claims in Postgres and on the chain', BigInt(claims.length), BigInt(paid.length))
  const amount = total(paid.map(({ args }) => args.paid))
  same('what claims in Postgres and on the chain amount to', total(claims.map((row) => row.microUsd)), amount)
  const orders = await world.db.fundingOrder.count({ where: { status: { not: 'final' } } })
  if (orders > 0) throw new Error(`${orders} top-ups were not carried out`)
}
