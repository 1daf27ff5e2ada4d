/**
 * What several epoch files contradict each other in: one number of a lane under which two receipts stand, of whatever kind,
 * and one attempt at a node with two outputs. Each file may be right by itself; the same file twice contradicts nothing.
 *
 * Signatures are left to `verifyEpoch`, which checks those of each file, and says which of its lines cannot be read: those
 * state nothing here.
 */
import { AppError, isAppError } from '@isochrone/domain'
import {
  DamagedGzipError,
  parseEpochFileLine,
  readEpochFileToDamage,
  structHash,
  UnfinishedLineError,
  type EpochFileLine,
  type EpochFileText,
} from '@isochrone/protocol'
import type { OpenFile } from '../verify-epoch/open-file.ts'

export interface NamedFile {
  name: string
  open: OpenFile
}

/** What stands where. */
interface Stated {
  /** Number or attempt, in words: the same words, the same thing. */
  subject: string
  /** What is said of it: two hashes that differ are two contents. */
  hash: string
}
type Found = { hash: string; place: string }

/** About 2 GB of names; more are too much for one reading. */
const NAMES_MAX = 5_000_000
/** Sentences given back; a lane that contradicts itself more often is named often enough. */
const FOUND_MAX = 100

/** A sentence for each, in the order of the files. @throws AppError `invalid_input` when they hold too much at once. */
export async function compareEpochFiles(files: readonly NamedFile[], namesMax = NAMES_MAX): Promise<string[]> {
  const first = new Map<string, Found>()
  const sentences: string[] = []
  for (const { name, open } of files) {
    for await (const batch of readableLines(open)) {
      for (const { lineNumber, text } of batch) {
        for (const { subject, hash } of statedIn(lineOf(lineNumber, text))) {
          const place = `line ${lineNumber} of ${name}`
          const before = first.get(subject)
          if (!before) first.set(subject, { hash, place })
          else if (before.hash !== hash && sentences.length < FOUND_MAX)
            sentences.push(`${subject} differs: ${before.place} and ${place} do not say the same.`)
        }
        if (first.size <= namesMax) continue
        throw new AppError('invalid_input', { publicMessage: 'These are too many receipts at once: name fewer files.' })
      }
    }
  }
  return sentences
}

async function* readableLines(open: OpenFile): AsyncGenerator<EpochFileText[]> {
  try {
    yield* readEpochFileToDamage(open)
  } catch (error) {
    if (!(error instanceof DamagedGzipError || error instanceof UnfinishedLineError)) throw error
  }
}

function lineOf(lineNumber: number, text: string): EpochFileLine | null {
  try {
    return parseEpochFileLine(lineNumber, text)
  } catch (error) {
    if (isAppError(error)) return null
    throw error
  }
}

function statedIn(line: EpochFileLine | null): Stated[] {
  if (!line) return []
  if (line.kind === 'lease') {
    return [{ subject: numberOf(line.lease), hash: structHash('LeaseReceipt', line.lease) }]
  }
  if (line.kind !== 'delivery') return []
  const { delivery, work } = line
  const number = { subject: numberOf(delivery.value), hash: structHash('DeliveryReceipt', delivery.value) }
  if (!work) return [number]
  const { requestId, attempt, nodeId, channelId, requestHash, outputHash } = work.value
  const of = `node ${nodeId} to request ${requestId} of channel ${channelId}, whose words hash to ${requestHash}`
  return [number, { subject: `The output of attempt ${attempt} by ${of},`, hash: outputHash }]
}

function numberOf({ lane, seq }: { lane: string; seq: number }): string {
  return `Receipt ${seq} of lane ${lane}`
}
