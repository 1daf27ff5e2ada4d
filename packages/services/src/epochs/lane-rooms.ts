/**
 * What lanes' anchored sums still cover, so that no transaction is sent that would pay nothing. A claim finds what is set
 * aside for its own provider and epoch, and what of the lane's sum nobody has taken.
 *
 * Where that does not do, parts that lie aside for others are given back: a newer voucher may have drawn what an older
 * epoch's part was kept for, and a lane may have said too much. That takes nobody's claim away, for claims find in the
 * lane's sum what they would have found aside.
 */
import type { Hex } from '@isochrone/protocol'
import { sendRecorded } from '../chain/send-recorded.ts'
import type { StoredVoucher } from '../ports/epoch-store.ts'
import type { SettlementDeps } from './settlement-deps.ts'

type Deps = Pick<SettlementDeps, 'epochs' | 'chain' | 'transactions'>

export interface LaneRooms {
  /** How much of `wanted` µUSD a claim by this voucher would find now. The next call finds that much less. */
  take(voucher: StoredVoucher, wanted: bigint): Promise<bigint>
  /** Claims are on the chain: their sums are read anew. What was searched for parts is not searched again. */
  forget(): void
}

/** Pendings looked into for parts to give back, newest epochs first: of a lane, once for one of these objects. */
const PARTS_MAX = 200

export function laneRooms(deps: Deps): LaneRooms {
  const free = new Map<string, bigint>()
  const aside = new Map<string, bigint>()
  const unsearched = new Map<string, Part[]>()

  async function asideOf(part: Part): Promise<bigint> {
    const { providerId, lane, epoch } = part
    const known = aside.get(nameOf(part))
    if (known !== undefined) return known
    const named = { providerId: providerId as Hex, lane: lane as Hex, epoch: Number(epoch) }
    return (await deps.chain.pendingOf(named)).setAside
  }

  /** Gives back until `missing` µUSD are there, or nothing more is found. */
  async function giveBack(own: Part, missing: bigint): Promise<bigint> {
    const { lane } = own
    const parts =
      unsearched.get(lane) ?? (await deps.epochs.partsSetAside(lane, PARTS_MAX)).map((row) => ({ ...row, lane }))
    unsearched.set(lane, parts)
    let found = 0n
    while (found < missing) {
      const part = parts.shift()
      if (part === undefined) break
      if (nameOf(part) === nameOf(own)) continue
      const amount = await asideOf(part)
      if (amount === 0n) continue
      const { providerId, epoch } = part
      const about = { purpose: 'return', subject: `${providerId}:${lane}:${epoch}` }
      const named = { providerId: providerId as Hex, lane: lane as Hex, epoch: Number(epoch) }
      await sendRecorded(deps.transactions, about, () => deps.chain.returnSetAside(named))
      aside.set(nameOf(part), 0n)
      found += amount
    }
    return found
  }

  return {
    async take(voucher, wanted) {
      const { lane } = voucher
      const own = await asideOf(voucher)
      let left = free.get(lane) ?? (await deps.chain.laneLeft(lane as Hex))
      if (own + left < wanted) left += await giveBack(voucher, wanted - own - left)
      const fromLane = wanted > own ? min(wanted - own, left) : 0n
      const fromAside = min(wanted, own)
      free.set(lane, left - fromLane)
      aside.set(nameOf(voucher), own - fromAside)
      return fromAside + fromLane
    },
    forget() {
      free.clear()
      aside.clear()
    },
  }
}

type Part = Pick<StoredVoucher, 'providerId' | 'lane' | 'epoch'>

function nameOf({ providerId, lane, epoch }: Part): string {
  return `${providerId}:${lane}:${epoch}`
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}
