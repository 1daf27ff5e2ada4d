/**
 * The header of an epoch file, without reading the rest: what it is about decides which chain to ask. Inflates little at
 * a time, so that a file damaged further on still says what it is about.
 */
import { AppError } from '@isochrone/domain'
import { parseEpochFileLine, readEpochFileText, type EpochFileHeader } from '@isochrone/protocol'
import type { OpenFile } from './verify-epoch.ts'

/** @throws AppError `invalid_input` when this is no epoch file. */
export async function readEpochHeader(open: OpenFile): Promise<EpochFileHeader> {
  for await (const batch of readEpochFileText(open(), { pieceBytes: 512 })) {
    const first = batch[0]
    if (!first) continue
    const line = parseEpochFileLine(first.lineNumber, first.text)
    if (line.kind === 'header') return line
    break
  }
  throw new AppError('invalid_input', { publicMessage: 'This is not an epoch file: its first line is no header.' })
}
