/**
 * The signed structures, field by field in the order in which they are hashed (EIP-712). The contracts hash the same
 * lists (`contracts/src/libraries`), and a test holds the two against each other.
 *
 * Money is µUSD. A field's TypeScript type follows from its width: up to 64 bits a safe integer, above that a bigint.
 */
export type FieldType = 'bytes32' | 'bytes8' | 'uint8' | 'uint16' | 'uint32' | 'uint64' | 'uint128' | 'address'
export type FieldList = readonly (readonly [name: string, type: FieldType])[]

export const workReceiptFields = [
  ['channelId', 'bytes32'],
  ['requestId', 'bytes32'],
  ['attempt', 'uint8'],
  ['nodeId', 'bytes32'],
  ['seq', 'uint64'],
  ['termsHash', 'bytes32'],
  ['modelHash', 'bytes32'],
  ['requestHash', 'bytes32'],
  ['outputHash', 'bytes32'],
  ['integrityRoot', 'bytes32'],
  ['tokensIn', 'uint32'],
  ['tokensCached', 'uint32'],
  ['tokensOut', 'uint32'],
  ['engineTtftUs', 'uint64'],
  ['engineDurationUs', 'uint64'],
  ['finishedAtMs', 'uint64'],
  ['status', 'uint8'],
] as const satisfies FieldList

export const deliveryReceiptFields = [
  ['workHash', 'bytes32'],
  ['channelId', 'bytes32'],
  ['requestId', 'bytes32'],
  ['attempt', 'uint8'],
  ['nodeId', 'bytes32'],
  ['lane', 'bytes32'],
  ['seq', 'uint64'],
  ['termsHash', 'bytes32'],
  ['billedIn', 'uint32'],
  ['billedCached', 'uint32'],
  ['billedOut', 'uint32'],
  ['bytesIn', 'uint64'],
  ['bytesOut', 'uint64'],
  ['price', 'uint128'],
  ['attemptTtftMs', 'uint32'],
  ['durationMs', 'uint32'],
  ['startedAtMs', 'uint64'],
  ['httpStatus', 'uint16'],
  ['fault', 'uint8'],
  ['region', 'bytes8'],
] as const satisfies FieldList

export const leaseReceiptFields = [
  ['channelId', 'bytes32'],
  ['leaseId', 'bytes32'],
  ['nodeId', 'bytes32'],
  ['lane', 'bytes32'],
  ['seq', 'uint64'],
  ['termsHash', 'bytes32'],
  ['fromMs', 'uint64'],
  ['toMs', 'uint64'],
  ['gpuMs', 'uint64'],
  ['price', 'uint128'],
] as const satisfies FieldList

export const voucherFields = [
  ['channelId', 'bytes32'],
  ['providerId', 'bytes32'],
  ['lane', 'bytes32'],
  ['epoch', 'uint64'],
  ['cumulative', 'uint128'],
  ['receiptRoot', 'bytes32'],
  ['earned', 'uint128'],
] as const satisfies FieldList

export const epochAnchorFields = [
  ['lane', 'bytes32'],
  ['epoch', 'uint64'],
  ['root', 'bytes32'],
  ['count', 'uint64'],
  ['sum', 'uint128'],
  ['dataHash', 'bytes32'],
  ['fromSeq', 'uint64'],
  ['toSeq', 'uint64'],
] as const satisfies FieldList

/** An immutable version of a listing; its struct hash is the `termsHash` in receipts. A promise of 0 is no promise. */
export const termsFields = [
  ['providerId', 'bytes32'],
  ['documentHash', 'bytes32'],
  ['inPerMtok', 'uint64'],
  ['cachedPerMtok', 'uint64'],
  ['outPerMtok', 'uint64'],
  ['inPerGb', 'uint64'],
  ['outPerGb', 'uint64'],
  ['perGpuHour', 'uint64'],
  ['ttftBaseMs', 'uint32'],
  ['ttftPerKtokMs', 'uint32'],
  ['tpotUs', 'uint32'],
  ['concurrencyMax', 'uint16'],
  ['penaltyBps', 'uint16'],
  ['sloRegion', 'bytes8'],
] as const satisfies FieldList

/** One payer's samples at one node in one epoch of a lane. */
export const slaCountsFields = [
  ['nodeId', 'bytes32'],
  ['lane', 'bytes32'],
  ['epoch', 'uint64'],
  ['channelId', 'bytes32'],
  ['termsHash', 'bytes32'],
  ['samples', 'uint32'],
  ['faults', 'uint32'],
  ['ttftSamples', 'uint32'],
  ['ttftOver', 'uint32'],
  ['tpotSamples', 'uint32'],
  ['tpotOver', 'uint32'],
  ['spent', 'uint128'],
] as const satisfies FieldList

/** A node's epoch on a lane, signed by both: what it earned, and the root over its `SlaCounts`. */
export const performanceRecordFields = [
  ['nodeId', 'bytes32'],
  ['lane', 'bytes32'],
  ['epoch', 'uint64'],
  ['version', 'uint8'],
  ['earned', 'uint128'],
  ['attempts', 'uint32'],
  ['faults', 'uint32'],
  ['countsRoot', 'bytes32'],
] as const satisfies FieldList

/** Lets `key` raise a channel's ceiling, up to `ceilingMax`, until `validUntil` (chain seconds). */
export const sessionKeyFields = [
  ['channelId', 'bytes32'],
  ['key', 'address'],
  ['ceilingMax', 'uint128'],
  ['validUntil', 'uint64'],
] as const satisfies FieldList

/** Signed by a gateway's key when it is admitted as a lane. */
export const laneKeyFields = [
  ['gatewayKey', 'address'],
  ['operator', 'address'],
] as const satisfies FieldList

export const ceilingFields = [
  ['channelId', 'bytes32'],
  ['amount', 'uint128'],
] as const satisfies FieldList

export const nodeKeyFields = [
  ['providerId', 'bytes32'],
  ['nodeKey', 'address'],
] as const satisfies FieldList

/** Signed by a node to prove its key to one gateway, once: the gateway's nonce and lane are in it. */
export const linkProofFields = [
  ['nonce', 'bytes32'],
  ['lane', 'bytes32'],
  ['nodeKey', 'address'],
] as const satisfies FieldList

/** Signed by a node: requests may be sealed to this key (X25519) from one time to another, ms since the epoch. */
export const sealingKeyFields = [
  ['nodeId', 'bytes32'],
  ['publicKey', 'bytes32'],
  ['notBeforeMs', 'uint64'],
  ['notAfterMs', 'uint64'],
] as const satisfies FieldList

/** Signed by a node for one witness, whose address is the verifying contract: it holds its key, now. */
export const witnessProofFields = [
  ['nonce', 'bytes32'],
  ['nodeKey', 'address'],
] as const satisfies FieldList

/** Signed by a node as fast as it can: the nonce came back to the witness that sent it. */
export const rttEchoFields = [
  ['nonce', 'bytes32'],
  ['nodeKey', 'address'],
] as const satisfies FieldList

/** Signed by a node before it shows its product of the matrices that the nonce names. */
export const matmulCommitmentFields = [
  ['nonce', 'bytes32'],
  ['nodeKey', 'address'],
  ['order', 'uint32'],
  ['commitment', 'bytes32'],
] as const satisfies FieldList

export const structFields = {
  WorkReceipt: workReceiptFields,
  DeliveryReceipt: deliveryReceiptFields,
  LeaseReceipt: leaseReceiptFields,
  Voucher: voucherFields,
  EpochAnchor: epochAnchorFields,
  Terms: termsFields,
  SlaCounts: slaCountsFields,
  PerformanceRecord: performanceRecordFields,
  SessionKey: sessionKeyFields,
  LaneKey: laneKeyFields,
  Ceiling: ceilingFields,
  NodeKey: nodeKeyFields,
  LinkProof: linkProofFields,
  SealingKey: sealingKeyFields,
  WitnessProof: witnessProofFields,
  RttEcho: rttEchoFields,
  MatmulCommitment: matmulCommitmentFields,
} as const

export type StructName = keyof typeof structFields
