/** One batch of the team: how far it is, what it cost, what was wrong with its lines, and its files. */
import { isBatchOver } from '@isochrone/domain'
import type { BatchDetail } from '@isochrone/services'
import { Link } from '~/components/ui/link.tsx'
import { BatchProgress } from '~/components/batches/batch-progress.tsx'
import { modelWords } from '~/components/batches/batches-table.tsx'
import { CancelBatch } from '~/components/batches/cancel-batch.tsx'
import { LiveRefresh } from '~/components/shell/live-refresh.tsx'
import { BatchStatusBadge, JobStatusBadge } from '~/components/status.tsx'
import { ButtonLink } from '~/components/ui/button.tsx'
import { DataTable } from '~/components/ui/data-table.tsx'
import { Facts } from '~/components/ui/facts.tsx'
import { Notice } from '~/components/ui/notice.tsx'
import { PageHeader, Section } from '~/components/ui/page-header.tsx'
import { Hash, Money, Utc } from '~/components/ui/values.tsx'
import { formatCount } from '~/lib/words/format.ts'
import { pageData } from '~/server/page-data.ts'

export const metadata = { title: 'Batch' }

export default async function BatchPage({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params
  const batch = await pageData(`/batches/${id}`, (api) => api.batches.detail({ id }))
  const mayCancel = batch.status === 'validating' || batch.status === 'in_progress'
  return (
    <>
      <PageHeader
        trail={[{ href: '/batches', label: 'Batches' }]}
        title={<Hash value={batch.id} label="batch id" full />}
        badges={<BatchStatusBadge status={batch.status} />}
        actions={
          <>
            {batch.outputFileId && <ButtonLink href={`/api/files/${batch.outputFileId}`}>Download output</ButtonLink>}
            {batch.errorFileId && <ButtonLink href={`/api/files/${batch.errorFileId}`}>Download errors</ButtonLink>}
            {mayCancel && <CancelBatch id={batch.id} />}
            {!isBatchOver(batch.status) && <LiveRefresh intervalMs={2_000} />}
          </>
        }
      />
      {batch.outOfMoney && (
        <Notice tone="warn" className="mb-4">
          The budget does not cover the next lines. They wait, and go on by themselves once there are funds.
        </Notice>
      )}
      <Section title="How far it is">
        <Facts
          items={[
            ['Lines', <BatchProgress key="p" batch={batch} />],
            [isBatchOver(batch.status) ? 'Cost' : 'Cost so far', <Money key="m" microUsd={batch.costMicroUsd} />],
            ['Tokens', `${formatCount(batch.tokensIn)} in, ${formatCount(batch.tokensOut)} out`],
            ['Endpoint', batch.endpoint],
            ['Model', modelWords(batch)],
            ['Created', <Utc key="c" at={batch.createdAtMs} />],
            ['Begun', <Utc key="b" at={batch.inProgressAtMs} />],
            ['Window ends', <Utc key="w" at={batch.expiresAtMs} />],
            ['Over', <Utc key="o" at={batch.endedAtMs} />],
          ]}
        />
      </Section>
      <Errors batch={batch} />
      <Lines lines={batch.lines} />
    </>
  )
}

function Errors({ batch: { status, errors } }: { batch: BatchDetail }) {
  const [first] = errors
  if (!first) return null
  if (status !== 'failed') {
    return (
      <Notice tone="warn" className="mb-4">
        It was cancelled. {first.message}
      </Notice>
    )
  }
  return (
    <Section
      title="What is wrong with the input"
      description="Nothing was run. Mend these lines and send the file again."
    >
      <DataTable
        label="Errors"
        className="sm:min-w-[640px]"
        stacks
        rows={errors}
        rowKey={(error) => `${error.line} ${error.code}`}
        columns={[
          {
            head: 'Line',
            numeric: true,
            headClassName: 'w-20',
            cell: (error) => (
              <>
                <span className="sm:hidden">Line </span>
                {error.line ?? '—'}
              </>
            ),
          },
          { head: 'Field', cell: (error) => <code className="font-mono text-xs">{error.param ?? '—'}</code> },
          { head: 'Code', cell: (error) => <code className="font-mono text-xs">{error.code}</code> },
          { head: 'What', className: 'text-ink-2 max-sm:col-span-2', cell: (error) => error.message },
        ]}
      />
    </Section>
  )
}

function Lines({ lines }: { lines: BatchDetail['lines'] }) {
  if (lines.length === 0) return null
  return (
    <Section
      title="Its first lines"
      description="Each is a queued job: its page explains where it was placed, and why."
    >
      <DataTable
        label="Lines"
        className="sm:min-w-[480px]"
        stacks
        rows={lines}
        rowKey={(line) => line.jobId}
        columns={[
          {
            head: 'Line',
            numeric: true,
            headClassName: 'w-20',
            cell: (line) => (
              <>
                <span className="sm:hidden">Line </span>
                {line.line}
              </>
            ),
          },
          { head: 'custom_id', className: 'font-mono text-xs break-all', cell: (line) => line.customId ?? '—' },
          { head: 'Status', cell: (line) => <JobStatusBadge status={line.status} /> },
          {
            head: 'Placement',
            cell: (line) => (
              <Link href={`/jobs/${line.jobId}`} className="link font-mono text-xs">
                {line.jobId.slice(0, 12)}…
              </Link>
            ),
          },
        ]}
      />
    </Section>
  )
}
