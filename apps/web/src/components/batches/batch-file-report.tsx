/** What was found in a batch's input: what it asks for and costs at most, or the first lines that are wrong. */
import { counted, formatUsd } from '@isochrone/domain'
import type { ReactNode } from 'react'
import { DataTable } from '~/components/ui/data-table.tsx'
import { Facts } from '~/components/ui/facts.tsx'
import { Notice } from '~/components/ui/notice.tsx'
import { Money } from '~/components/ui/values.tsx'
import type { BatchFileReport } from '~/lib/page/check-batch-file.ts'
import { formatCount } from '~/lib/words/format.ts'

const MODELS_SHOWN = 6

export interface BatchFileReportViewProps {
  file: { name: string; size: number }
  report: BatchFileReport
  /** µUSD that the organisation has left. */
  availableMicroUsd: bigint
}

export function BatchFileReportView({ file, report, availableMicroUsd }: BatchFileReportViewProps) {
  const { lines, endpoint, models, errors } = report
  return (
    <div className="flex flex-col gap-4">
      <Facts
        items={[
          ['File', <span key="f" className="break-all">{`${file.name}, ${sizeOf(file.size)}`}</span>],
          ['Lines', formatCount(lines)],
          ['Endpoint', endpoint],
          models.length > 0 && [models.length === 1 ? 'Model' : 'Models', modelWords(report)],
          errors.length === 0 && ['Cost at most', <Cost key="c" cost={report.cost} />],
          ['Completion window', '24 hours. Lines that are not answered by then are not run, and cost nothing.'],
        ]}
      />
      {errors.length === 0 && report.cost !== null && report.cost.mostMicroUsd > availableMicroUsd && (
        <Notice tone="warn">
          {formatUsd(availableMicroUsd)} is left to spend, less than this may cost at most. What it covers is run; other
          lines wait for funds until the window ends.
        </Notice>
      )}
      {errors.length > 0 && <Errors report={report} />}
    </div>
  )
}

function Cost({ cost }: { cost: BatchFileReport['cost'] }): ReactNode {
  if (cost === null) return 'Not known: no live node asks a price for this model now.'
  const { mostMicroUsd, leastMicroUsd } = cost
  return (
    <>
      <Money microUsd={mostMicroUsd} className="font-medium" />
      <span className="block text-xs text-ink-3">
        If every line used its whole token limit on the dearest live node of its model
        {leastMicroUsd < mostMicroUsd && (
          <>
            {' '}
            (<Money microUsd={leastMicroUsd} /> on the cheapest)
          </>
        )}
        . Answers are usually shorter: you pay for what is delivered.
      </span>
    </>
  )
}

function modelWords({ models }: BatchFileReport): string {
  const [only] = models
  if (models.length === 1 && only) return only.model
  const shown = models.slice(0, MODELS_SHOWN).map(({ model, lines }) => `${model} (${formatCount(lines)})`)
  const more = models.length - shown.length
  return `${shown.join(', ')}${more > 0 ? `, and ${more} more` : ''}`
}

function Errors({ report: { errors, wrongLines } }: { report: BatchFileReport }) {
  const inLines = errors.filter(({ line }) => line !== null)
  const ofFile = errors.filter(({ line }) => line === null)
  return (
    <>
      <Notice tone="bad" live>
        {ofFile.map(({ code, message }) => (
          <p key={code}>{message}</p>
        ))}
        {wrongLines > 0 && (
          <p>
            {counted(wrongLines, 'line is', 'lines are')} wrong. A batch runs only when each of its lines can be: mend{' '}
            {wrongLines === 1 ? 'it' : 'them'}, then choose the file again.
          </p>
        )}
      </Notice>
      {inLines.length > 0 && (
        <DataTable
          label={wrongLines > inLines.length ? `The first ${inLines.length} wrong lines` : 'Wrong lines'}
          className="sm:min-w-[640px]"
          stacks
          rows={inLines}
          rowKey={(error) => `${error.line} ${error.code}`}
          columns={[
            {
              head: 'Line',
              numeric: true,
              headClassName: 'w-20',
              cell: ({ line }) => (
                <>
                  <span className="sm:hidden">Line </span>
                  {formatCount(line ?? 0)}
                </>
              ),
            },
            { head: 'Field', cell: ({ param }) => <code className="font-mono text-xs">{param ?? '—'}</code> },
            { head: 'What', className: 'text-ink-2 max-sm:col-span-2', cell: ({ message }) => message },
          ]}
        />
      )}
      {wrongLines > inLines.length && inLines.length > 0 && (
        <p className="text-xs text-ink-3">
          The first {inLines.length} of {formatCount(wrongLines)} are shown.
        </p>
      )}
    </>
  )
}

function sizeOf(bytes: number): string {
  if (bytes < 1024) return counted(bytes, 'byte', 'bytes')
  const kib = bytes / 1024
  return kib < 1024 ? `${kib.toFixed(1)} KiB` : `${(kib / 1024).toFixed(1)} MiB`
}
