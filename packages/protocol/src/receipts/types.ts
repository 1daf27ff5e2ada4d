/** TypeScript shapes of the signed structures, derived from their field lists, and the codes inside them. */
import type { Hex } from '../crypto/keccak.ts'
import type { FieldList, FieldType, structFields, StructName } from './fields.ts'

export type { Hex } from '../crypto/keccak.ts'

type ValueOf<T extends FieldType> = T extends 'bytes32' | 'bytes8' | 'address'
  ? Hex
  : T extends 'uint128'
    ? bigint
    : number
/** The TypeScript shape of a list of fields. */
export type StructOf<F extends FieldList> = { [E in F[number] as E[0]]: ValueOf<E[1]> }

export type Struct<N extends StructName> = StructOf<(typeof structFields)[N]>
export type WorkReceipt = Struct<'WorkReceipt'>
export type DeliveryReceipt = Struct<'DeliveryReceipt'>
export type LeaseReceipt = Struct<'LeaseReceipt'>
export type Voucher = Struct<'Voucher'>
export type EpochAnchor = Struct<'EpochAnchor'>
export type Terms = Struct<'Terms'>
export type SlaCounts = Struct<'SlaCounts'>
export type PerformanceRecord = Struct<'PerformanceRecord'>
export type SessionKey = Struct<'SessionKey'>
export type LaneKey = Struct<'LaneKey'>
export type Ceiling = Struct<'Ceiling'>
export type NodeKey = Struct<'NodeKey'>
export type LinkProof = Struct<'LinkProof'>

export interface Signed<T> {
  value: T
  /** 65 bytes, r ‖ s ‖ v. */
  signature: Hex
}

export const ZERO_BYTES32: Hex = `0x${'00'.repeat(32)}`

/** `WorkReceipt.status`: how the attempt ended as the node saw it. */
export const workStatus = { completed: 0, aborted: 1, engineFailed: 2 } as const
export type WorkStatus = (typeof workStatus)[keyof typeof workStatus]

/** `DeliveryReceipt.fault`: who caused an attempt to end badly. Only `provider` may count against a provider. */
export const fault = { none: 0, provider: 1, client: 2, gateway: 3, capacity: 4 } as const
export type Fault = (typeof fault)[keyof typeof fault]
