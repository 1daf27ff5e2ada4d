/**
 * Takes a customer's file in as it comes, hashed and bounded, into the store of its organisation's residency; lists, reads
 * and removes it. Another organisation's id is `not_found`, like one that never was.
 */
import { AppError, FILE_BYTES_MAX, isId, newId, type Clock } from '@isochrone/domain'
import type { BatchRows, FileRows, StoredFileRow } from '../ports/batch-store.ts'
import { fileBytes, fileWriter } from './file-content.ts'

export interface FileDeps {
  files: FileRows
  batches: Pick<BatchRows, 'isRead'>
  clock: Clock
}

export const FILE_KEPT_S_DEFAULT = 30 * 86_400
export const FILE_KEPT_S_MIN = 3_600
export const FILE_KEPT_S_MAX = FILE_KEPT_S_DEFAULT
const ORG_BYTES_MAX = 2 * 1024 * 1024 * 1024
const ORG_FILES_MAX = 1_000
const FILENAME_LENGTH_MAX = 255

export interface IncomingFile {
  orgId: string
  filename: string
  content: AsyncIterable<Uint8Array>
  /** Looked at after the content: what follows it in the request may refuse it. */
  check?: () => Promise<{ keptS: number }>
}

/** Throws `payload_too_large`, `invalid_input` for an empty file, and whatever `check` or the content's end throws. */
export async function storeFile(
  deps: FileDeps,
  { orgId, filename, content, check }: IncomingFile,
): Promise<StoredFileRow> {
  const used = await deps.files.usage(orgId)
  if (used.files >= ORG_FILES_MAX || used.bytes >= ORG_BYTES_MAX) {
    throw new AppError('payload_too_large', {
      publicMessage: `Your organisation keeps ${used.files} files of ${used.bytes} bytes; at most ${ORG_FILES_MAX} files of ${ORG_BYTES_MAX} bytes are kept. Delete some.`,
    })
  }
  const createdAt = new Date(deps.clock.nowMs())
  const keptMs = (keptS: number) => new Date(createdAt.getTime() + keptS * 1_000)
  const id = newId('file')
  const row = {
    id,
    orgId,
    purpose: 'batch',
    filename: filename.slice(0, FILENAME_LENGTH_MAX).toWellFormed().replaceAll('\0', '') || 'batch.jsonl',
    createdAt,
    expiresAt: keptMs(FILE_KEPT_S_DEFAULT),
  }
  await deps.files.begin(row)
  try {
    const writer = fileWriter(deps.files, id)
    for await (const part of content) {
      await writer.write(part)
      if (writer.bytes > FILE_BYTES_MAX) throw tooLarge()
    }
    if (writer.bytes === 0) throw new AppError('invalid_input', { publicMessage: 'The file is empty.', field: 'file' })
    const { keptS } = (await check?.()) ?? { keptS: FILE_KEPT_S_DEFAULT }
    const expiresAt = await expireAfter(keptS)
    // Last of all: a file is there once its sender is told so, or never.
    return { ...row, ...(await writer.finish()), expiresAt }
  } catch (error) {
    await deps.files.remove(id, orgId).catch(() => {
      // Unfinished files are swept.
    })
    throw error
  }

  async function expireAfter(keptS: number): Promise<Date> {
    const expiresAt = keptMs(keptS)
    if (keptS !== FILE_KEPT_S_DEFAULT) await deps.files.expireAt(id, expiresAt)
    return expiresAt
  }
}

export function tooLarge(): AppError {
  return new AppError('payload_too_large', {
    publicMessage: `A file may have ${FILE_BYTES_MAX} bytes. Send the rest as another batch.`,
  })
}

export async function fileOf(
  deps: Pick<FileDeps, 'files' | 'clock'>,
  orgId: string,
  id: string,
): Promise<StoredFileRow> {
  const row = isId('file', id) ? await deps.files.get(id, orgId, new Date(deps.clock.nowMs())) : null
  if (!row)
    throw new AppError('not_found', { publicMessage: `There is no file '${id.slice(0, 100)}'.`, field: 'file_id' })
  return row
}

/** Throws `not_found`, and `state_conflict` while a batch reads it. */
export async function removeFile(deps: FileDeps, orgId: string, id: string): Promise<void> {
  await fileOf(deps, orgId, id)
  if (await deps.batches.isRead(id)) {
    throw new AppError('state_conflict', {
      publicMessage: 'A batch that is not over reads this file. Cancel it first.',
    })
  }
  await deps.files.remove(id, orgId)
}

export const contentOf = (deps: Pick<FileDeps, 'files'>, id: string): AsyncGenerator<Uint8Array> =>
  fileBytes(deps.files, id)
