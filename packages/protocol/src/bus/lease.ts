/**
 * The worker's calls to a gateway about a lease: `POST /internal/v1/lease/{provision,read,stop}`, authorised by the internal
 * token. Each names the whole lease, so that a gateway needs to remember none; each is safe to repeat.
 */
import { z } from 'zod'

const bytes32 = z.string().regex(/^0x[0-9a-f]{64}$/)
const microUsd = z.string().regex(/^\d{1,30}$/)

export const leaseCommand = z.object({
  /** `lease_…` */
  leaseId: z.string().regex(/^lease_[0-9a-f]{32}$/),
  orgId: z.string(),
  channelId: bytes32,
  nodeId: bytes32,
  model: z.string().min(1).max(200),
  gpus: z.int().min(1).max(64),
  termsHash: bytes32,
  /** The terms that the lease was made under, whatever the node's are now; checked against the hash. */
  terms: z.record(z.string(), z.union([z.string(), z.number()])),
  termsDocument: z.record(z.string(), z.unknown()),
})
export type LeaseCommand = z.infer<typeof leaseCommand>

/** What is to be read: the time since the last reading, as far as it is paid for. */
export const leaseReading = z.object({
  /** When its engine on this node came up, ms since the epoch. */
  servingSinceMs: z.int().min(0),
  /** When the time that is paid for ends, ms since the epoch. */
  untilMs: z.int().min(0),
  /** Held for the lease in all, and billed of it as far as is known, µUSD. */
  reservedMicroUsd: microUsd,
  billedMicroUsd: microUsd,
})
export type LeaseReading = z.infer<typeof leaseReading>

/** `gone`: the node is not linked to this gateway. `unknown`: it runs no engine for the lease. `spent`: what is held does not cover it. */
export const leaseReply = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('serving'), servingSinceMs: z.int() }),
  z.object({ kind: z.literal('read'), lane: bytes32, seq: z.int(), toMs: z.int() }),
  z.object({ kind: z.literal('nothing') }),
  z.object({ kind: z.literal('stopped') }),
  z.object({ kind: z.literal('gone'), reason: z.string() }),
  z.object({ kind: z.literal('unknown'), reason: z.string() }),
  z.object({ kind: z.literal('refused'), reason: z.string() }),
  z.object({ kind: z.literal('spent'), reason: z.string() }),
])
export type LeaseReply = z.infer<typeof leaseReply>

/** A lease receipt as it travels: the lane's signature is over it, the node's over the same with `seq` 0. */
export const leaseReceiptJson = z.object({
  receipt: z.record(z.string(), z.union([z.string(), z.number()])),
  laneSignature: z.string().regex(/^0x[0-9a-f]{130}$/),
  nodeSignature: z.string().regex(/^0x[0-9a-f]{130}$/),
})
export type LeaseReceiptJson = z.infer<typeof leaseReceiptJson>

/** Field of a channel's budget that holds a lease's money: it counts like a lane's piece of the budget. */
export const leaseHoldField = (leaseId: string): string => `lease:${leaseId}`

/** Field beside it: how much of the lease's money was billed and has left the hold, lifetime. It counts for nothing. */
export const leasePaidField = (leaseId: string): string => `paid:${leaseId}`

/**
 * Lua: what is held for a lease, and paid of it, once it is known that `reserved` is agreed and `billed` was billed.
 *
 * Both only grow over a lease's life, and each word of them may be old: whoever knows less changes nothing. So a reading of
 * before an extension takes its price out of the hold and leaves the extension in it.
 */
export const leaseHoldLua = `
local function holdOf(key, field, paidField, reserved, billed)
  local held = tonumber(redis.call('HGET', key, field) or '0')
  local before = tonumber(redis.call('HGET', key, paidField) or '0')
  local paid = math.max(before, billed)
  local left = math.max(0, held - (paid - before))
  return left, math.max(left, reserved - paid), paid
end
local function setHold(key, field, paidField, held, paid)
  redis.call('HSET', key, field, string.format('%.0f', held), paidField, string.format('%.0f', paid))
end
`
