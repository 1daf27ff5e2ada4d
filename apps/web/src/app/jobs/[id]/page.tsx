/** One queued job: where it is, what it was asked, and what came of it. */
import { CancelJob } from '~/components/jobs/cancel-job.tsx'
import { LiveRefresh } from '~/components/shell/live-refresh.tsx'
import { JobStatusBadge, SimulatedBadge } from '~/components/status.tsx'
import { ButtonLink } from '~/components/ui/button.tsx'
import { CodeBlock } from '~/components/ui/code-block.tsx'
import { Facts } from '~/components/ui/facts.tsx'
import { Notice } from '~/components/ui/notice.tsx'
import { PageHeader, Section } from '~/components/ui/page-header.tsx'
import { Hash, Utc } from '~/components/ui/values.tsx'
import { pageData } from '~/server/page-data.ts'

export const metadata = { title: 'Queued job' }

export default async function JobPage({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params
  const job = await pageData(`/jobs/${id}`, (api) => api.jobs.detail({ id }))
  const underWay = job.status === 'queued' || job.status === 'running'
  return (
    <>
      <PageHeader
        trail={[{ href: '/jobs', label: 'Queued jobs' }]}
        title={<Hash value={job.id} label="job id" full />}
        badges={<JobStatusBadge status={job.status} />}
        actions={
          <>
            {job.requestRecorded && <ButtonLink href={`/requests/${job.requestId}`}>Open its receipt</ButtonLink>}
            {underWay && <CancelJob id={job.id} />}
            {underWay && <LiveRefresh intervalMs={2_000} />}
          </>
        }
      />
      {job.error && (
        <Notice tone="bad" className="mb-4">
          {job.error}
        </Notice>
      )}
      <Section title="Where it is">
        <Facts
          items={[
            ['Model', job.model],
            [
              'Node',
              <span key="n">
                {job.node?.name ?? 'none yet'} {job.node?.simulated && <SimulatedBadge />}
              </span>,
            ],
            ['Attempts', `${job.attempts} of ${job.attemptsMax}`],
            ['Created', <Utc key="c" at={job.createdAtMs} />],
            ['Started', <Utc key="s" at={job.startedAtMs} />],
            ['Finished', <Utc key="f" at={job.finishedAtMs} />],
            ['Deadline', job.deadlineAtMs === null ? 'none' : <Utc key="d" at={job.deadlineAtMs} />],
          ]}
        />
      </Section>
      {job.answer !== null && job.answer !== undefined && (
        <Section title="Answer">
          <CodeBlock label="answer" code={JSON.stringify(job.answer, null, 2)} />
        </Section>
      )}
      <Section title="Request">
        <CodeBlock label="request body" code={JSON.stringify(job.body, null, 2)} />
      </Section>
    </>
  )
}
