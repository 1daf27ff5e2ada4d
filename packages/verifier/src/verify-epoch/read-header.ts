/**
 * The header of an epoch file, without reading the rest: what it is about decides which chain to ask. A file damaged further
 * on still says it.
 */
import { AppError } from '@isochrone/domain'
import { parseEpochFileLine, readEpochFileToDamage, type EpochFileHeader } from '@isochrone/protocol'
import type { OpenFile } from './open-file.ts'

/** @throws AppError `invalid_input` when this is no epoch file, a `DamagedGzipError` when its first line cannot be inflated. */
export async function readEpochHeader(open: OpenFile): Promise<EpochFileHeader> {
  for await (const batch of readEpochFileToDamage(open, { pieceBytes: 512 })) {
    const first = batch[0]
    if (!first) continue
    const line = parseEpochFileLine(first.lineNumber, first.text)
    if (line.kind === 'header') return line
    throw noHeader(`a line of kind ${line.kind}`)
  }
  throw noHeader('no line at all')
}

function noHeader(found: string): AppError {
  const publicMessage = `This is not an epoch file: its first line is no header but ${found}.`
  return new AppError('invalid_input', { publicMessage })
}
