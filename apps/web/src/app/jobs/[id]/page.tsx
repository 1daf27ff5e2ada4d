/** One queued job of the team: its way through the scheduler, and what can still be done about it. */
import type { JobDetail } from '@isochrone/services'
import { CancelJob } from '~/components/jobs/cancel-job.tsx'
import { JobView } from '~/components/jobs/job-view.tsx'
import { RetryJob } from '~/components/jobs/retry-job.tsx'
import { LiveRefresh } from '~/components/shell/live-refresh.tsx'
import { JobStatusBadge } from '~/components/status.tsx'
import { ButtonLink } from '~/components/ui/button.tsx'
import { PageHeader } from '~/components/ui/page-header.tsx'
import { Hash } from '~/components/ui/values.tsx'
import { nodeLabel } from '~/lib/words/format.ts'
import { pageData } from '~/server/page-data.ts'

export const metadata = { title: 'Queued job' }

export default async function JobPage({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params
  const [job, market] = await pageData(`/jobs/${id}`, (api) =>
    Promise.all([api.jobs.detail({ id }), api.marketplace.offers({})]),
  )
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
            {job.status === 'failed' && job.retriedAs === null && (
              <RetryJob id={job.id} disabledReason={whyNotAgain(job)} />
            )}
            {job.retriedAs !== null && <ButtonLink href={`/jobs/${job.retriedAs}`}>Open its repetition</ButtonLink>}
            {underWay && <CancelJob id={job.id} />}
            {underWay && <LiveRefresh intervalMs={2_000} />}
          </>
        }
      />
      <JobView
        job={job}
        path="/jobs"
        nodeNames={{
          ...Object.fromEntries(market.offers.map((offer) => [offer.providerId, offer.providerName])),
          ...Object.fromEntries(market.offers.map((offer) => [offer.nodeId, nodeLabel(offer)])),
        }}
      />
    </>
  )
}

function whyNotAgain({ kind, erased }: Pick<JobDetail, 'kind' | 'erased'>): string | undefined {
  if (kind === 'batch') return 'A line of a batch is not tried again by itself: send it in another batch.'
  return erased ? 'Its request was erased.' : undefined
}
