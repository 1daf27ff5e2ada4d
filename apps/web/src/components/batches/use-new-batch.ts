'use client'
/**
 * The way of a new batch: a file is chosen, checked here, sent, and made into a batch. One choice of a file makes one batch,
 * however often it is asked for: its key finds the first, and a file that was stored is not sent again.
 */
import { useCallback, useEffect, useRef, useState } from 'react'
import { createBatch } from '~/actions/team.ts'
import { checkBatchFile, type BatchFileReport, type ModelMarket } from '~/lib/page/check-batch-file.ts'
import { newKey } from '~/lib/page/new-key.ts'
import type { ActionError } from '~/lib/page/result.ts'
import { uploadFile } from '~/lib/page/upload-file.ts'

export type NewBatchStage =
  | { at: 'choose'; note: string | null }
  | { at: 'checking'; file: File; share: number }
  | { at: 'checked'; file: File; report: BatchFileReport; error: ActionError | null; note: string | null }
  | { at: 'sending'; file: File; report: BatchFileReport; share: number }
  | { at: 'creating'; file: File; report: BatchFileReport }
  | { at: 'created'; file: File; report: BatchFileReport; batchId: string }

export interface NewBatch {
  stage: NewBatchStage
  choose: (file: File) => void
  /** Another file, or none. */
  reset: () => void
  /** Sends it and creates the batch. While that is under way, nothing. */
  create: () => void
  /** Ends the sending; nothing is kept of what was sent. */
  stopSending: () => void
}

/** What one chosen file carries through every try. */
interface Chosen {
  key: string
  fileId: string | null
  stop: AbortController
}

export function useNewBatch(market: readonly ModelMarket[], onCreated: (batchId: string) => void): NewBatch {
  const [stage, setStage] = useState<NewBatchStage>({ at: 'choose', note: null })
  const chosen = useRef<Chosen | null>(null)
  /** Not state: a second click comes before the first one's state is drawn. */
  const busy = useRef(false)
  useEffect(() => () => chosen.current?.stop.abort(), [])

  const reset = useCallback(() => {
    chosen.current?.stop.abort()
    chosen.current = null
    busy.current = false
    setStage({ at: 'choose', note: null })
  }, [])

  const choose = useCallback(
    (file: File) => {
      chosen.current?.stop.abort()
      const own: Chosen = { key: newKey(), fileId: null, stop: new AbortController() }
      chosen.current = own
      busy.current = false
      const show = (next: NewBatchStage) => void (chosen.current === own && setStage(next))
      show({ at: 'checking', file, share: 0 })
      const onProgress = (share: number) => show({ at: 'checking', file, share })
      checkBatchFile(file, { market, signal: own.stop.signal, onProgress }).then(
        (report) => show({ at: 'checked', file, report, error: null, note: null }),
        () => show({ at: 'choose', note: `${file.name} cannot be read. Was it moved or changed? Choose it again.` }),
      )
    },
    [market],
  )

  async function run(own: Chosen, file: File, report: BatchFileReport): Promise<void> {
    const show = (next: NewBatchStage) => void (chosen.current === own && setStage(next))
    const again = (error: ActionError | null, note: string | null) => show({ at: 'checked', file, report, error, note })
    if (own.fileId === null) {
      show({ at: 'sending', file, report, share: 0 })
      const onProgress = (share: number) => show({ at: 'sending', file, report, share })
      const sent = await uploadFile(file, { signal: own.stop.signal, onProgress })
      if (sent === null) return again(null, 'The upload was stopped. Nothing was kept, and no batch was created.')
      if (!sent.ok) return again(sent.error, null)
      own.fileId = sent.data.id
    }
    show({ at: 'creating', file, report })
    const created = await createBatch({ fileId: own.fileId, endpoint: report.endpoint, key: own.key }).catch(() => null)
    if (created === null) return again(lost, null)
    if (!created.ok) {
      // A file that is gone is sent again.
      if (created.error.code === 'not_found') own.fileId = null
      return again(created.error, null)
    }
    show({ at: 'created', file, report, batchId: created.data.id })
    if (chosen.current === own) onCreated(created.data.id)
  }

  return {
    stage,
    choose,
    reset,
    create() {
      const own = chosen.current
      if (own === null || busy.current || stage.at !== 'checked') return
      busy.current = true
      if (own.stop.signal.aborted) own.stop = new AbortController()
      void run(own, stage.file, stage.report).finally(() => void (chosen.current === own && (busy.current = false)))
    },
    stopSending: () => chosen.current?.stop.abort(),
  }
}

const lost: ActionError = {
  code: 'internal',
  owner: 'platform',
  message: 'The server did not answer. Try again: the file is not sent twice, and there will be one batch.',
  field: null,
  requestId: null,
}
