/**
 * A batch from the web: a file of somebody who is signed in, then a batch on it, by the same use-cases as the API's.
 *
 * No queue on this side: the worker's sweep finds the new row within seconds. Lines run without a key of the organisation's.
 */
import { createHash } from 'node:crypto'
import { AppError } from '@isochrone/domain'
import { requireOrgInsideStore } from '../accounts/require-store-inside.ts'
import type { StoredFileRow } from '../ports/batch-store.ts'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import { createBatch } from './create-batch.ts'
import { fileOf, storeFile } from './store-file.ts'

type Deps = Pick<ControlPlaneDeps, 'store' | 'clock' | 'storePlace'>

const residencyWords = {
  what: 'Batches are kept with their prompts and answers',
  instead: 'Send the requests to be answered at once instead.',
}
const noQueue = { addAll: async () => {} }

export interface BatchUpload {
  orgId: string
  filename: string
  /** As the sender said it before: less or more than that is refused, so that no half of a file becomes a batch. */
  bytes: number
  content: AsyncIterable<Uint8Array>
}

/** Throws as {@link storeFile}, `forbidden` for a store outside the residency, `invalid_input` for a file that was cut off. */
export async function uploadBatchFile(
  deps: Deps,
  { orgId, filename, bytes, content }: BatchUpload,
): Promise<StoredFileRow> {
  await requireReady(deps, orgId)
  let read = 0
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const part of content) {
      read += part.length
      yield part
    }
    if (read !== bytes && read > 0) {
      const publicMessage = `The upload was cut off: ${read} of ${bytes} bytes arrived. Send the file again.`
      throw new AppError('invalid_input', { publicMessage, field: 'file' })
    }
  }
  const fileDeps = { files: deps.store.files, batches: deps.store.batches, clock: deps.clock }
  return await storeFile(fileDeps, { orgId, filename, content: counted() })
}

/** `key`: the same one finds the batch of before, however often. Throws as {@link createBatch}. */
export async function submitBatch(
  deps: Deps,
  { orgId, fileId, endpoint, key }: { orgId: string; fileId: string; endpoint: string; key: string },
): Promise<{ id: string }> {
  const { files } = deps.store
  await fileOf({ files, clock: deps.clock }, orgId, fileId)
  await requireReady(deps, orgId)
  const fingerprint = createHash('sha256')
    .update(JSON.stringify([fileId, endpoint]))
    .digest('hex')
  const { batch } = await createBatch(
    { ...deps.store, clock: deps.clock, queue: noQueue },
    {
      orgId,
      keyId: null,
      endpoint,
      inputFileId: fileId,
      completionWindow: '24h',
      metadata: null,
      outputExpiresAfterS: null,
      // Programs choose keys of their own: the page's are apart from them.
      idempotency: { key: `page ${key}`, fingerprint },
    },
  )
  return { id: batch.id }
}

async function requireReady({ store, storePlace = { country: '', region: '' } }: Deps, orgId: string): Promise<void> {
  await requireOrgInsideStore(store.accounts, orgId, storePlace, residencyWords)
  if (await store.funding.channelOfOrg(orgId)) return
  throw new AppError('insufficient_balance', {
    publicMessage: 'Your organisation has no funds yet. Add funds, then create the batch.',
  })
}
