/**
 * The published record of a lane's epoch: JSON lines, gzip, one line per delivery receipt with the work receipt it
 * answers. Its Keccak-256 is on-chain, so whoever keeps a copy can prove what it holds.
 */
import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import { AppError } from '@isochrone/domain'
import { bytesToHex, keccak256, type Hex } from '../crypto/keccak.ts'
import { decodeStruct, encodeStruct } from './json.ts'
import type { DeliveryReceipt, Signed, WorkReceipt } from './types.ts'

export interface EpochFileLine {
  delivery: Signed<DeliveryReceipt>
  /** Null when the node never answered. */
  work: Signed<WorkReceipt> | null
}

const MAX_INFLATED_BYTES = 1 << 30

/** The file's bytes and its `dataHash`. */
export async function writeEpochFile(lines: readonly EpochFileLine[]): Promise<{ bytes: Uint8Array; dataHash: Hex }> {
  const text = lines.map((line) => `${JSON.stringify(encodeLine(line))}\n`).join('')
  const bytes = await promisify(gzip)(text)
  return { bytes, dataHash: bytesToHex(keccak256(bytes)) }
}

/** Throws `invalid_input` naming the line when the file is damaged. Checks form only, not signatures. */
export async function readEpochFile(bytes: Uint8Array): Promise<EpochFileLine[]> {
  let text: string
  try {
    text = (await promisify(gunzip)(bytes, { maxOutputLength: MAX_INFLATED_BYTES })).toString('utf8')
  } catch (cause) {
    throw new AppError('invalid_input', { publicMessage: 'The epoch file is not a complete gzip file.', cause })
  }
  const rows = text.split('\n')
  if (rows.at(-1) === '') rows.pop()
  return rows.map((row, index) => {
    try {
      return decodeLine(JSON.parse(row))
    } catch (cause) {
      throw new AppError('invalid_input', {
        publicMessage: `Line ${index + 1} of the epoch file is not a receipt.`,
        cause,
      })
    }
  })
}

/** One line as it is written, also the form in which receipts travel inside the platform. */
export function encodeLine({ delivery, work }: EpochFileLine) {
  return {
    delivery: encodeStruct('DeliveryReceipt', delivery.value),
    deliverySignature: delivery.signature,
    work: work && encodeStruct('WorkReceipt', work.value),
    workSignature: work?.signature ?? null,
  }
}

export function decodeLine(json: unknown): EpochFileLine {
  const row = json as Record<string, unknown>
  return {
    delivery: { value: decodeStruct('DeliveryReceipt', row.delivery), signature: signatureOf(row.deliverySignature) },
    work: row.work ? { value: decodeStruct('WorkReceipt', row.work), signature: signatureOf(row.workSignature) } : null,
  }
}

function signatureOf(value: unknown): Hex {
  if (typeof value !== 'string' || !/^0x[0-9a-f]{130}$/.test(value)) {
    throw new AppError('invalid_input', { publicMessage: 'A signature is 65 bytes of hex.', field: 'signature' })
  }
  return value as Hex
}
