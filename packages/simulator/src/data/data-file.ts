/**
 * Reads one data file whole, gzipped or not, and words every refusal the same way: one line with file, line and field.
 *
 * The caller gives the path; nothing here knows where data lies. A file is named by its last two path segments, so that
 * a message fits a line and says nothing about the machine.
 */
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { AppError } from '@isochrone/domain'

/** `traces/azure.csv` of `/any/where/traces/azure.csv`. */
export function fileLabel(file: string): string {
  return file.split(/[/\\]/).filter(Boolean).slice(-2).join('/')
}

/**
 * The refusal of a data file, as an `invalid_input` whose `publicMessage` is one line.
 *
 * @param where.line counted from 1, the header included
 */
export function dataError(
  file: string,
  where: { line?: number; field?: string },
  problem: string,
  cause?: unknown,
): AppError {
  const line = where.line === undefined ? '' : ` line ${where.line}`
  const field = where.field === undefined ? '' : `, field ${where.field}`
  const publicMessage = `${fileLabel(file)}${line}${field}: ${problem}`.replaceAll(/\s+/g, ' ')
  return new AppError('invalid_input', { publicMessage, ...(where.field && { field: where.field }), cause })
}

/** A value as it is quoted in a refusal. */
export const quoted = (value: unknown): string => {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value))
  return `'${text.length > 40 ? `${text.slice(0, 40)}…` : text}'`
}

/**
 * The text of a file, unzipped when it begins with the gzip magic.
 *
 * @throws AppError invalid_input: absent, a cut or broken gzip, or nothing in it
 */
export function readDataFile(file: string): string {
  let bytes: Buffer
  try {
    bytes = readFileSync(file)
  } catch (cause) {
    const absent = (cause as NodeJS.ErrnoException).code === 'ENOENT'
    throw dataError(file, {}, absent ? 'there is no such file' : 'the file cannot be read', cause)
  }
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
    try {
      bytes = gunzipSync(bytes)
    } catch (cause) {
      const cut = (cause as NodeJS.ErrnoException).code === 'Z_BUF_ERROR'
      throw dataError(file, {}, cut ? 'the gzip file is cut short' : 'the gzip file is damaged', cause)
    }
  }
  const text = bytes.toString('utf8').replace(/^\uFEFF/, '')
  if (text.trim() === '') throw dataError(file, { line: 1 }, 'the file is empty')
  return text
}
