/**
 * The lines of an epoch file, version 3: what kinds there are, in which order, and how each stands as JSON.
 *
 * Decoding checks form (types, ranges, hex), field by field, and says which field is wrong. It checks no signature.
 */
import { AppError } from '@isochrone/domain'
import type { FieldList } from './fields.ts'
import { decodeFields, decodeStruct, encodeStruct, type StructJson } from './json.ts'
import type {
  DeliveryReceipt,
  Hex,
  LeaseReceipt,
  PerformanceRecord,
  Signed,
  SlaCounts,
  StructOf,
  Terms,
  Voucher,
  WorkReceipt,
} from './types.ts'

export const EPOCH_FILE_VERSION = 3

/** A delivery receipt with the work receipt that it answers: how receipts travel inside the platform. */
export interface ReceiptPair {
  delivery: Signed<DeliveryReceipt>
  /** Null when the node never answered, or was lost before it signed. */
  work: Signed<WorkReceipt> | null
}

const headerFields = [
  ['version', 'uint8'],
  ['chainId', 'uint64'],
  ['paymentChannels', 'address'],
  ['receiptAnchor', 'address'],
  ['slaLedger', 'address'],
  ['lane', 'bytes32'],
  ['epoch', 'uint64'],
  ['fromSeq', 'uint64'],
  ['toSeq', 'uint64'],
  ['count', 'uint64'],
  ['sum', 'uint128'],
  ['root', 'bytes32'],
] as const satisfies FieldList

const correctionFields = [
  ['seq', 'uint64'],
  ['billedIn', 'uint32'],
  ['billedCached', 'uint32'],
  ['billedOut', 'uint32'],
  ['refund', 'uint128'],
] as const satisfies FieldList

/** Counts by which a delivery of this epoch is paid instead of its own, and the µUSD that its voucher lacks for it. */
export type MeteringCorrection = StructOf<typeof correctionFields>

/** What the file says of itself; `count` leaves, `sum` µUSD. */
export type EpochFileHeader = { kind: 'header' } & StructOf<typeof headerFields>
export type EpochFileTerms = { kind: 'terms'; terms: Terms; document: Record<string, unknown> }
export type EpochFileCorrection = { kind: 'correction' } & MeteringCorrection
export type EpochFileDelivery = { kind: 'delivery' } & ReceiptPair
export type EpochFileLease = { kind: 'lease'; lease: LeaseReceipt; laneSignature: Hex; nodeSignature: Hex }
export type EpochFileVoucher = { kind: 'voucher'; voucher: Signed<Voucher> }
export type EpochFileCounts = { kind: 'counts'; counts: SlaCounts }
/** The signature is the lane's: the node answers after the file is closed. */
export type EpochFileRecord = { kind: 'record'; record: Signed<PerformanceRecord> }

export type EpochFileLine =
  | EpochFileHeader
  | EpochFileTerms
  | EpochFileCorrection
  | EpochFileDelivery
  | EpochFileLease
  | EpochFileVoucher
  | EpochFileCounts
  | EpochFileRecord
export type EpochFileLineKind = EpochFileLine['kind']

/** Lines stand in this order; deliveries and leases share a place, by the lane's numbers. */
export const epochFileLineRank: Readonly<Record<EpochFileLineKind, number>> = {
  header: 0,
  terms: 1,
  correction: 2,
  delivery: 3,
  lease: 3,
  voucher: 4,
  counts: 5,
  record: 6,
}

/** A line as it stands in the file. */
export function encodeEpochFileLine(line: EpochFileLine): Record<string, unknown> {
  switch (line.kind) {
    case 'header':
      return { ...line, sum: line.sum.toString() }
    case 'terms':
      return { kind: 'terms', terms: encodeStruct('Terms', line.terms), document: line.document }
    case 'correction':
      return { ...line, refund: line.refund.toString() }
    case 'delivery':
      return { kind: 'delivery', ...encodeLine(line) }
    case 'lease':
      return { ...line, lease: encodeStruct('LeaseReceipt', line.lease) }
    case 'voucher': {
      const { value, signature } = line.voucher
      return { kind: 'voucher', voucher: encodeStruct('Voucher', value), signature }
    }
    case 'counts':
      return { kind: 'counts', counts: encodeStruct('SlaCounts', line.counts) }
    case 'record': {
      const { value, signature } = line.record
      return { kind: 'record', record: encodeStruct('PerformanceRecord', value), laneSignature: signature }
    }
  }
}

/** Throws `invalid_input` naming the field when the line has another form. */
export function decodeEpochFileLine(json: unknown): EpochFileLine {
  if (typeof json !== 'object' || json === null) throw invalidLine('it is not a JSON object', 'kind')
  const row = json as Record<string, unknown>
  switch (row.kind) {
    case 'header':
      if (row.version !== EPOCH_FILE_VERSION) {
        throw invalidLine(
          `version ${String(row.version)} is unknown, this reader knows ${EPOCH_FILE_VERSION}`,
          'version',
        )
      }
      return { kind: 'header', ...decodeFields('header', headerFields, row) }
    case 'terms':
      if (typeof row.document !== 'object' || row.document === null || Array.isArray(row.document)) {
        throw invalidLine('the field document is missing or no JSON object', 'document')
      }
      return {
        kind: 'terms',
        terms: decodeStruct('Terms', row.terms),
        document: row.document as Record<string, unknown>,
      }
    case 'correction':
      return { kind: 'correction', ...decodeFields('correction', correctionFields, row) }
    case 'delivery':
      return { kind: 'delivery', ...decodeLine(row) }
    case 'lease':
      return {
        kind: 'lease',
        lease: decodeStruct('LeaseReceipt', row.lease),
        laneSignature: signatureOf(row, 'laneSignature'),
        nodeSignature: signatureOf(row, 'nodeSignature'),
      }
    case 'voucher':
      return {
        kind: 'voucher',
        voucher: { value: decodeStruct('Voucher', row.voucher), signature: signatureOf(row, 'signature') },
      }
    case 'counts':
      return { kind: 'counts', counts: decodeStruct('SlaCounts', row.counts) }
    case 'record':
      return {
        kind: 'record',
        record: {
          value: decodeStruct('PerformanceRecord', row.record),
          signature: signatureOf(row, 'laneSignature'),
        },
      }
    default:
      throw invalidLine(`the kind ${JSON.stringify(row.kind)} is unknown`, 'kind')
  }
}

export interface EncodedReceiptPair {
  delivery: StructJson
  deliverySignature: Hex
  work: StructJson | null
  workSignature: Hex | null
}

/** A receipt pair as it travels on the bus and stands in the journal. */
export function encodeLine({ delivery, work }: ReceiptPair): EncodedReceiptPair {
  return {
    delivery: encodeStruct('DeliveryReceipt', delivery.value),
    deliverySignature: delivery.signature,
    work: work && encodeStruct('WorkReceipt', work.value),
    workSignature: work?.signature ?? null,
  }
}

/** Throws `invalid_input` naming the field. */
export function decodeLine(json: unknown): ReceiptPair {
  const row = json as Record<string, unknown>
  const delivery = decodeStruct('DeliveryReceipt', row.delivery)
  const pair = { delivery: { value: delivery, signature: signatureOf(row, 'deliverySignature') } }
  // Absent is not null: a line that lost its work receipt must not pass as one that never had any.
  if (row.work === null && row.workSignature === null) return { ...pair, work: null }
  const work = decodeStruct('WorkReceipt', row.work)
  return { ...pair, work: { value: work, signature: signatureOf(row, 'workSignature') } }
}

const SIGNATURE = /^0x[0-9a-f]{130}$/

function signatureOf(row: Record<string, unknown>, field: string): Hex {
  const value = row[field]
  if (typeof value !== 'string' || !SIGNATURE.test(value)) {
    throw invalidLine(`the field ${field} is no signature of 65 bytes in hex`, field)
  }
  return value as Hex
}

function invalidLine(what: string, field: string): AppError {
  return new AppError('invalid_input', { publicMessage: `A line of an epoch file is not valid: ${what}.`, field })
}
