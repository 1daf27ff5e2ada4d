/** For tests: the escrow's rules about claims, in memory, and an epoch store beside it. What is sent is written down. */
import { AppError } from '@isochrone/domain'
import type { Hex, Signed, Voucher } from '@isochrone/protocol'
import type { ClaimOutcome, SettlementChain } from '../ports/chain-port.ts'
import type { EpochRow, EpochStore, StoredVoucher } from '../ports/epoch-store.ts'
import type { SettlementDeps } from './settlement-deps.ts'

export const LANE: Hex = '0xaa'

export interface FakeChannel {
  deposited: bigint
  withdrawn: bigint
  ceiling: bigint
  claimed: bigint
}
export interface FakePending {
  claimed: bigint
  settled: bigint
  payable: bigint
  setAside: bigint
  graceEndsAtS: number
}

/** A voucher of provider `p` on channel `one` in epoch 1 for 10 µUSD, with whatever is said otherwise. */
export function voucherOf(over: Partial<StoredVoucher> = {}): StoredVoucher {
  return {
    lane: LANE,
    epoch: 1n,
    channelId: 'one',
    providerId: 'p',
    cumulativeMicroUsd: 10n,
    earnedMicroUsd: 0n,
    receiptRoot: '0x01',
    signature: '0x02',
    skippedReason: null,
    ...over,
  }
}

export function epochRow(over: Partial<EpochRow> = {}): EpochRow {
  const numbers = { epoch: 1n, count: 1n, sumMicroUsd: 0n, fromSeq: 1n, toSeq: 1n, payableAtS: null }
  return { lane: LANE, status: 'anchored', root: '0x01', anchor: {}, anchorSignature: '0x', ...numbers, ...over }
}

export function settlementFixture() {
  const channels = new Map<string, FakeChannel>()
  const pendings = new Map<string, FakePending>()
  const claimed = new Map<string, bigint>()
  const providers = new Set<string>()
  const vouchers: StoredVoucher[] = []
  const final = new Set<string>()
  let sent: string[] = []
  let calls: string[] = []
  const log: { purpose: string; subject: string; txHash: string | null; status: string }[] = []
  const advanced: unknown[] = []
  const reopened: string[] = []
  const state = {
    laneLeft: 0n,
    nowS: 1_000,
    away: new Set<string>(),
    parts: [] as { providerId: string; epoch: bigint }[],
  }

  const keyOf = (key: { channelId: string; providerId: string; lane: string }) =>
    `${key.channelId}:${key.providerId}:${key.lane}`
  function pending({ providerId, lane, epoch }: { providerId: string; lane: string; epoch: number }): FakePending {
    const key = `${providerId}:${lane}:${epoch}`
    const found = pendings.get(key) ?? { claimed: 0n, settled: 0n, payable: 0n, setAside: 0n, graceEndsAtS: 0 }
    pendings.set(key, found)
    return found
  }
  function channel(id: string, over: Partial<FakeChannel> = {}): FakeChannel {
    const made = { deposited: 1_000n, withdrawn: 0n, ceiling: 1_000n, claimed: 0n, ...over }
    channels.set(id, made)
    return made
  }
  const least = (...amounts: bigint[]) => amounts.reduce((min, each) => (each < min ? each : min))

  function pay({ value }: Signed<Voucher>): ClaimOutcome {
    const { channelId, providerId, lane, epoch, cumulative } = value
    const named = { channelId, providerId, unpaid: 0n }
    const at = channels.get(channelId)
    const due = cumulative - (claimed.get(keyOf(value)) ?? 0n)
    if (due <= 0n) return { ...named, reason: 'nothing_due' }
    if (!providers.has(providerId)) return { ...named, reason: 'unknown_provider' }
    if (!at) return { ...named, reason: 'unknown_channel' }
    const into = pending({ providerId, lane, epoch })
    const room = into.setAside + state.laneLeft
    const paid = least(due, at.deposited - at.withdrawn - at.claimed, at.ceiling - at.claimed, room)
    if (paid <= 0n) return { ...named, reason: 'refused' }
    const fromAside = least(paid, into.setAside)
    into.setAside -= fromAside
    state.laneLeft -= paid - fromAside
    at.claimed += paid
    into.claimed += paid
    claimed.set(keyOf(value), cumulative - due + paid)
    return { ...named, unpaid: due - paid, reason: null }
  }

  function send<T extends object>(what: string, outcome: T): T & { txHash: string } {
    if (state.away.has(what.split(' ')[0] ?? ''))
      throw new AppError('chain_unavailable', { publicMessage: 'It is away.' })
    sent.push(what)
    return { txHash: `0x${what.replaceAll(' ', '-')}`, ...outcome }
  }
  const claims = (method: string) => async (all: readonly Signed<Voucher>[]) => {
    const names = all.map(({ value }) => `${value.channelId}/${value.providerId}/${value.epoch}`)
    return send(`${method} ${names.join(' ')}`, { outcomes: all.map(pay) })
  }
  const view = {
    claimedOf: async (key: { channelId: string; providerId: string; lane: string }) => claimed.get(keyOf(key)) ?? 0n,
    pendingOf: async (key: { providerId: string; lane: string; epoch: number }) => ({ ...pending(key), frozen: 0n }),
  }
  const chain = {
    ...view,
    confirmed: view,
    head: async () => ({ blockNumber: 1n, blockHash: '0x', nowS: state.nowS }),
    async channel(id: string) {
      calls.push(`channel ${id}`)
      const found = channels.get(id)
      return found ? { ...found, withdrawing: 0n, thawEndsAtS: 0 } : null
    },
    isProvider: async (id: string) => providers.has(id),
    async laneLeft() {
      calls.push('laneLeft')
      return state.laneLeft
    },
    claimOne: (voucher: Signed<Voucher>) => claims('one')([voucher]),
    claimMany: claims('many'),
    claimEach: claims('each'),
    async returnSetAside(key: { providerId: string; lane: string; epoch: number }) {
      const from = pending(key)
      state.laneLeft += from.setAside
      from.setAside = 0n
      return send(`return ${key.providerId} ${key.epoch}`, {})
    },
    async settle({ providerId, lane, epochs }: { providerId: string; lane: string; epochs: readonly number[] }) {
      for (const epoch of epochs) {
        const from = pending({ providerId, lane, epoch })
        from.settled += from.payable
        from.payable = 0n
      }
      return send(`settle ${providerId} ${epochs.join(',')}`, {})
    },
  }
  const same = (a: StoredVoucher, b: Pick<StoredVoucher, 'lane' | 'epoch' | 'channelId' | 'providerId'>) =>
    a.lane === b.lane && a.epoch === b.epoch && a.channelId === b.channelId && a.providerId === b.providerId
  const skipped = (reasons: readonly string[]) =>
    vouchers.filter(({ skippedReason }) => skippedReason !== null && reasons.includes(skippedReason))
  const epochs: Partial<EpochStore> = {
    vouchers: async (lane, epoch) => vouchers.filter((row) => row.lane === lane && row.epoch === epoch),
    skippedBefore: async (lane, epoch, reasons) =>
      skipped(reasons).filter((row) => row.lane === lane && row.epoch < epoch),
    skippedWithRoom: async (reasons, limit) => skipped(reasons).slice(0, limit),
    partsSetAside: async (_lane, limit) => (calls.push('parts'), state.parts.slice(0, limit)),
    async recordSkip(name, reason) {
      calls.push(`skip ${name.channelId} ${name.providerId} ${reason}`)
      for (const row of vouchers) if (same(row, name)) row.skippedReason = reason
    },
    reopenSettled: async (lane, epoch) => void reopened.push(`${lane}:${epoch}`),
    async advance(...change) {
      advanced.push(change)
      return true
    },
  }
  const deps = {
    // Only what claims and payouts ask for: anything else fails as a call of undefined.
    chain: chain as unknown as SettlementChain,
    epochs: epochs as EpochStore,
    records: {
      anyFinal: async (providerId: string, { epoch }: { epoch: bigint }) => final.has(`${providerId}:${epoch}`),
    } as unknown as SettlementDeps['records'],
    transactions: { recordTransaction: async (row: (typeof log)[number]) => void log.push(row) },
  } satisfies SettlementDeps
  return {
    deps,
    state,
    channels,
    channel,
    pending,
    claimed,
    providers,
    vouchers,
    final,
    log,
    advanced,
    reopened,
    takeSent: () => sent.splice(0),
    takeCalls: () => calls.splice(0),
  }
}
