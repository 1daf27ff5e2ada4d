/**
 * What a clairvoyant planner has promised of each replica's engine time, in slots: all work by the second, prefill by
 * slices of 50 ms (prompts that come together wait for each other, and a TTFT SLO leaves some hundred ms).
 *
 * A request's prefill goes into the first slices that have room from its arrival on; its decoding is spread evenly over
 * the time that it will take. Outages leave no room; a slow window leaves its share.
 */
import type { FaultPlan } from '../run/plan-faults.ts'
import type { SimReplica, SimRequest } from '../sim-types.ts'

const secondMs = 1_000
const sliceMs = 50
/** Of the engine, while prompts wait: a chunk of prefill beside a step of decoding that is close to the TPOT SLO. */
const prefillShare = 0.42
/** A planned stream decodes a little faster than its SLO. */
const paceOfSlo = 0.92

export class SlotBook {
  private readonly seconds: number
  private readonly slices: number
  private readonly room: Float64Array
  private readonly prefillRoom: Float64Array
  private readonly fleet: readonly SimReplica[]

  /** @param headroom share of each replica's time for work that may be promised */
  constructor(
    fleet: readonly SimReplica[],
    tpotSloMs: number,
    untilMs: number,
    headroom: number,
    faults: Pick<FaultPlan, 'outages' | 'slowWindows'>,
  ) {
    this.fleet = fleet
    this.seconds = Math.ceil(untilMs / secondMs) + 2
    this.slices = this.seconds * (secondMs / sliceMs)
    this.room = new Float64Array(fleet.length * this.seconds)
    this.prefillRoom = new Float64Array(fleet.length * this.slices).fill(prefillShare * sliceMs * headroom)
    for (const [r, { declared, speed }] of fleet.entries()) {
      const share = Math.max(0, 1 - (speed * declared.tpotBaseMs) / tpotSloMs)
      this.room.fill(share * secondMs * headroom, r * this.seconds, (r + 1) * this.seconds)
    }
    for (const { replica, fromMs, toMs } of faults.outages) this.scale(replica, fromMs, toMs, 0)
    for (const { replica, fromMs, toMs, factor } of faults.slowWindows) {
      const { declared, speed } = fleet[replica] as SimReplica
      const usual = 1 - (speed * declared.tpotBaseMs) / tpotSloMs
      const slow = Math.max(0, 1 - (factor * speed * declared.tpotBaseMs) / tpotSloMs) / factor
      this.scale(replica, fromMs, toMs, slow / usual)
    }
  }

  /** Whether the request fits the replica from `atMs` (when it reaches the node) on, its prefill done by `prefillBy`. */
  fits(request: SimRequest, replica: number, atMs: number, prefillByMs: number): boolean {
    return this.walk(request, replica, atMs, prefillByMs, 0)
  }

  /** Promises the time of a request that fits. */
  add(request: SimRequest, replica: number, atMs: number): void {
    this.walk(request, replica, atMs, Infinity, -1)
  }

  /** Takes a promise back. Prefill goes back to the first slices from arrival on: totals stay right. */
  remove(request: SimRequest, replica: number, atMs: number): void {
    this.walk(request, replica, atMs, Infinity, 1)
  }

  /** Work, ms, that a replica has free in the ten seconds from `atMs` on; negative when it is overbooked. */
  roomFrom(replica: number, atMs: number): number {
    const first = Math.floor(atMs / secondMs)
    let room = 0
    for (let second = first; second < Math.min(this.seconds, first + 10); second++) {
      room += this.room[replica * this.seconds + second] as number
    }
    return room
  }

  private walk(request: SimRequest, replica: number, atMs: number, prefillByMs: number, sign: -1 | 0 | 1): boolean {
    const { declared, speed } = this.fleet[replica] as SimReplica
    const prefillMs = speed * request.tokensIn * declared.prefillMsPerToken
    if (!this.walkPrefill(replica, atMs, prefillMs, prefillByMs, sign)) return false
    const context = request.tokensIn + request.tokensOut / 2
    const decodeMs = speed * request.tokensOut * (declared.tpotPerStreamMs + declared.tpotPerStreamTokenMs * context)
    const lastsMs = request.tokensOut * request.tpotSloMs * paceOfSlo
    const base = replica * this.seconds
    const first = Math.floor(atMs / secondMs)
    const last = Math.min(this.seconds - 1, Math.floor((atMs + lastsMs) / secondMs))
    for (let second = first; second <= last; second++) {
      const fromMs = Math.max(atMs, second * secondMs)
      const toMs = Math.min(atMs + lastsMs, (second + 1) * secondMs)
      const share = lastsMs > 0 ? Math.max(0, toMs - fromMs) / lastsMs : 1
      const workMs = decodeMs * share + (second === first ? prefillMs : 0)
      if (sign === 0 && (this.room[base + second] as number) < workMs) return false
      if (sign !== 0) this.room[base + second] = (this.room[base + second] as number) + sign * workMs
    }
    return true
  }

  private walkPrefill(replica: number, atMs: number, prefillMs: number, byMs: number, sign: -1 | 0 | 1): boolean {
    const base = replica * this.slices
    const last = Math.min(this.slices, Math.floor(byMs / sliceMs)) - 1
    let left = prefillMs
    for (let slice = Math.floor(atMs / sliceMs); slice <= last && left > 0; slice++) {
      const room = this.prefillRoom[base + slice] as number
      const part = sign === 1 ? left : Math.min(left, Math.max(0, room))
      left -= part
      if (sign !== 0) this.prefillRoom[base + slice] = room + sign * part
    }
    return left <= 1e-9
  }

  private scale(replica: number, fromMs: number, toMs: number, factor: number): void {
    const scaleRow = (row: Float64Array, length: number, slotMs: number) => {
      const first = Math.floor(fromMs / slotMs)
      const last = Math.min(length - 1, Math.floor(toMs / slotMs))
      for (let slot = first; slot <= last; slot++) {
        row[replica * length + slot] = (row[replica * length + slot] as number) * factor
      }
    }
    scaleRow(this.room, this.seconds, secondMs)
    scaleRow(this.prefillRoom, this.slices, sliceMs)
  }
}
