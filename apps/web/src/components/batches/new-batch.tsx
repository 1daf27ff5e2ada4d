'use client'
/** Makes a batch of a file: chosen, checked in the browser, shown with its cost, then sent. */
import { useRouter } from 'next/navigation'
import { Button } from '~/components/ui/button.tsx'
import { DownloadButton } from '~/components/ui/download-button.tsx'
import { ErrorNotice } from '~/components/ui/error-notice.tsx'
import { LeaveDialog } from '~/components/ui/leave-dialog.tsx'
import { Notice } from '~/components/ui/notice.tsx'
import { Progress } from '~/components/ui/steps.tsx'
import type { ModelMarket } from '~/lib/page/check-batch-file.ts'
import { BatchFileReportView } from './batch-file-report.tsx'
import { FileDrop } from './file-drop.tsx'
import { useNewBatch, type NewBatchStage } from './use-new-batch.ts'

export interface NewBatchFormProps {
  market: readonly ModelMarket[]
  availableMicroUsd: bigint
  disabledReason: string | undefined
}

export function NewBatchForm({ market, availableMicroUsd, disabledReason }: NewBatchFormProps) {
  const router = useRouter()
  const { stage, choose, reset, create, stopSending } = useNewBatch(market, (id) => router.push(`/batches/${id}`))
  if (stage.at === 'choose') {
    return (
      <div className="flex max-w-3xl flex-col gap-4">
        {stage.note && (
          <Notice tone="warn" live>
            {stage.note}
          </Notice>
        )}
        <FileDrop onFile={choose} disabledReason={disabledReason} />
        <Example model={market[0]?.model} />
      </div>
    )
  }
  return (
    <div className="flex max-w-3xl flex-col gap-4">
      {stage.at === 'checking' ? (
        <Progress label={`Checking ${stage.file.name}, %`} done={Math.floor(stage.share * 100)} total={100} />
      ) : (
        <BatchFileReportView file={stage.file} report={stage.report} availableMicroUsd={availableMicroUsd} />
      )}
      {stage.at === 'sending' && <Progress label="Uploading, %" done={Math.floor(stage.share * 100)} total={100} />}
      {stage.at === 'checked' && stage.note && (
        <Notice tone="warn" live>
          {stage.note}
        </Notice>
      )}
      {stage.at === 'checked' && <ErrorNotice error={stage.error} />}
      <div className="flex flex-wrap gap-2">
        <CreateButton stage={stage} onCreate={create} />
        {stage.at === 'sending' && <Button onClick={stopSending}>Stop the upload</Button>}
        {(stage.at === 'checked' || stage.at === 'checking') && <Button onClick={reset}>Choose another file</Button>}
      </div>
      <LeaveDialog
        active={stage.at === 'sending'}
        title="Leave while the file is sent?"
        description="The upload stops, and no batch is created."
      />
    </div>
  )
}

function CreateButton({ stage, onCreate }: { stage: NewBatchStage; onCreate: () => void }) {
  const words = stage.at === 'created' ? 'Opening the batch' : 'Create batch'
  const wrong = stage.at === 'checked' && stage.report.errors.length > 0
  return (
    <Button
      tone="primary"
      onClick={onCreate}
      pending={stage.at === 'sending' || stage.at === 'creating' || stage.at === 'created'}
      disabledReason={stage.at === 'checking' ? 'The file is being checked.' : wrong ? 'The file is wrong.' : undefined}
    >
      {words}
    </Button>
  )
}

function Example({ model }: { model: string | undefined }) {
  const lines = [1, 2, 3].map((number) => {
    const messages = [{ role: 'user', content: `Name a city that is ${number} hours away.` }]
    const body = { model: model ?? 'MODEL', messages, max_tokens: 64 }
    return JSON.stringify({ custom_id: `line-${number}`, method: 'POST', url: '/v1/chat/completions', body })
  })
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-2 text-ink-2">
      <p className="max-w-[56ch]">
        Each line names itself (<code className="font-mono text-xs">custom_id</code>) and holds a request as it would be
        sent alone; the answers come in a file too.
      </p>
      <DownloadButton fileName="example.jsonl" text={`${lines.join('\n')}\n`}>
        An example file
      </DownloadButton>
    </div>
  )
}
