/** One queued job: where it is, every dispatch of it, why its node was chosen or why none was, and what came of it. */
import type { JobDetail } from '@isochrone/services'
import { Link } from '~/components/ui/link.tsx'
import { PlacementPanel } from '~/components/receipt/placement-panel.tsx'
import { SimulatedBadge } from '~/components/status.tsx'
import { CodeBlock } from '~/components/ui/code-block.tsx'
import { DataTable } from '~/components/ui/data-table.tsx'
import { Facts } from '~/components/ui/facts.tsx'
import { Notice } from '~/components/ui/notice.tsx'
import { Section } from '~/components/ui/page-header.tsx'
import { Utc } from '~/components/ui/values.tsx'
import { addressOf, formatMs, shortHash } from '~/lib/words/format.ts'
import { kindWords, tryWords } from '~/lib/words/job-words.ts'

export interface JobViewProps {
  job: JobDetail
  /** Names of nodes and providers by id. */
  nodeNames: Record<string, string>
  /** Where other jobs' pages are. */
  path: string
}

const ERASED = 'Prompt and answer of this job were erased at its owner’s wish.'
const IN_ITS_FILES =
  'Once a batch is over, prompts and answers of its lines stand in its files alone, unless their owner had them erased.'

export function JobView({ job, nodeNames, path }: JobViewProps) {
  const tryNames = job.tries.flatMap(({ nodeId, nodeName }) => (nodeName ? [[nodeId, nodeName] as const] : []))
  return (
    <>
      {job.error && job.status !== 'succeeded' && (
        <Notice tone={job.status === 'failed' ? 'bad' : 'warn'} className="mb-4">
          {job.error}
        </Notice>
      )}
      <Section title="Where it is">
        <Facts
          items={[
            ['Model', job.model],
            ['Why it waits', kindWords[job.kind].hint],
            [
              'Node',
              <span key="n">
                {job.node?.name ?? 'none now'} {job.node?.simulated && <SimulatedBadge />}
              </span>,
            ],
            ['Attempts', `${job.attempts} of ${job.attemptsMax}`],
            ['Created', <Utc key="c" at={job.createdAtMs} />],
            ['First dispatched', <Utc key="s" at={job.dispatchedAtMs} />],
            ['Finished', <Utc key="f" at={job.finishedAtMs} />],
            ['Deadline', job.deadlineAtMs === null ? 'none' : <Utc key="d" at={job.deadlineAtMs} />],
            ...(job.retryOf ? [['Repeats', <JobLink key="r" path={path} id={job.retryOf} />] as const] : []),
            ...(job.retriedAs ? [['Repeated as', <JobLink key="a" path={path} id={job.retriedAs} />] as const] : []),
          ]}
        />
      </Section>
      <Tries tries={job.tries} />
      <PlacementPanel
        requestId={job.requestId}
        placement={job.placement}
        nodeNames={{ ...nodeNames, ...Object.fromEntries(tryNames) }}
      />
      {job.erased && <Notice>{job.kind === 'batch' ? IN_ITS_FILES : ERASED}</Notice>}
      {job.answer !== null && job.answer !== undefined && (
        <Section title="Answer">
          <CodeBlock label="answer" code={JSON.stringify(job.answer, null, 2)} />
        </Section>
      )}
      {job.body !== null && job.body !== undefined && (
        <Section title="Request">
          <CodeBlock label="request body" code={JSON.stringify(job.body, null, 2)} />
        </Section>
      )}
    </>
  )
}

function JobLink({ path, id }: { path: string; id: string }) {
  return (
    <Link href={`${path}/${id}`} className="link font-mono text-xs" title={id}>
      {id.slice(0, 12)}…
    </Link>
  )
}

function Tries({ tries }: { tries: JobDetail['tries'] }) {
  if (tries.length === 0) return null
  return (
    <Section
      title="Dispatches"
      description="Each time that it was sent to a node. Only the one that answered is billed."
    >
      <DataTable
        label="Dispatches"
        className="sm:min-w-[640px]"
        stacks
        rows={tries}
        rowKey={(one) => one.atMs}
        columns={[
          { head: 'At, UTC', cell: (one) => <Utc at={one.atMs} bare /> },
          { head: 'Attempt', numeric: true, cell: (one) => one.attempt },
          {
            head: 'Node',
            className: 'whitespace-nowrap',
            cell: (one) => one.nodeName ?? shortHash(addressOf(one.nodeId)),
          },
          { head: 'How it ended', className: 'whitespace-nowrap', cell: (one) => tryWords[one.outcome] },
          {
            head: 'After',
            numeric: true,
            cell: ({ atMs, endedAtMs }) => formatMs(endedAtMs === null ? null : endedAtMs - atMs),
          },
          { head: 'What happened', className: 'text-ink-2', cell: (one) => one.message ?? '—' },
        ]}
      />
    </Section>
  )
}
