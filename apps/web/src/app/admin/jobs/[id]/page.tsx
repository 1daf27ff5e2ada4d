/** One queued job as staff see it: its way through the scheduler, without prompt and answer. */
import { JobView } from '~/components/jobs/job-view.tsx'
import { LiveRefresh } from '~/components/shell/live-refresh.tsx'
import { JobStatusBadge } from '~/components/status.tsx'
import { PageHeader } from '~/components/ui/page-header.tsx'
import { Hash } from '~/components/ui/values.tsx'
import { nodeLabel } from '~/lib/words/format.ts'
import { pageData } from '~/server/page-data.ts'

export const metadata = { title: 'Queued job' }

export default async function AdminJobPage({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params
  const [job, market] = await pageData(`/admin/jobs/${id}`, (api) =>
    Promise.all([api.admin.job({ id }), api.marketplace.offers({})]),
  )
  const underWay = job.status === 'queued' || job.status === 'running'
  return (
    <>
      <PageHeader
        trail={[
          { href: '/admin', label: 'Operations' },
          { href: '/admin/jobs', label: 'Scheduler' },
        ]}
        title={<Hash value={job.id} label="job id" full />}
        description={job.organisation ?? undefined}
        badges={<JobStatusBadge status={job.status} />}
        actions={underWay ? <LiveRefresh intervalMs={2_000} /> : undefined}
      />
      <JobView
        job={job}
        path="/admin/jobs"
        nodeNames={Object.fromEntries(market.offers.map((offer) => [offer.nodeId, nodeLabel(offer)]))}
      />
    </>
  )
}
