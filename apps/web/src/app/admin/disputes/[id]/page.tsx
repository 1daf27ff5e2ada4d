/** A case on the desk: three panes, the arbiters' votes, and the form by which one of them votes. */
import { allowsStep } from '@isochrone/domain'
import { CaseView } from '~/components/disputes/case-view.tsx'
import { DisputeBadge } from '~/components/disputes/dispute-badge.tsx'
import { EventsTable } from '~/components/disputes/events-table.tsx'
import { PanelView } from '~/components/disputes/panel-view.tsx'
import { RulingForm } from '~/components/disputes/ruling-form.tsx'
import { LiveRefresh } from '~/components/shell/live-refresh.tsx'
import { Notice } from '~/components/ui/notice.tsx'
import { PageHeader, Section } from '~/components/ui/page-header.tsx'
import { Utc } from '~/components/ui/values.tsx'
import { caseWords, isClosed, nextStepOf } from '~/lib/words/dispute-words.ts'
import { chainContext } from '~/server/context.ts'
import { pageData } from '~/server/page-data.ts'
import { txStagesOf } from '~/server/tx-stages.ts'

export const metadata = { title: 'Case' }

export default async function CasePage({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params
  const detail = await pageData(`/admin/disputes/${id}`, (api) => api.admin.dispute({ id }))
  const { dispute, events, panels, outcome } = detail
  const { chainId, rpcUrl } = await chainContext()
  return (
    <>
      <PageHeader
        trail={[
          { href: '/admin', label: 'Operations' },
          { href: '/admin/disputes', label: 'Dispute desk' },
        ]}
        title={`Case ${id}: ${caseWords(detail).label.toLowerCase()}`}
        description={
          isClosed(dispute) ? (
            'Closed: nothing can be done here any more.'
          ) : (
            <>
              Open: {nextStepOf(dispute)}, until <Utc at={dispute.deadlineMs} />
            </>
          )
        }
        badges={<DisputeBadge state={dispute.state} />}
        actions={isClosed(dispute) ? undefined : <LiveRefresh intervalMs={5_000} />}
      />
      <CaseView dispute={detail} />
      <div className="grid grid-cols-[minmax(0,1fr)] gap-x-6 lg:grid-cols-2">
        <Section
          title="Vote"
          description="Two votes alike decide; of three different ones the middle. Rehearsed before it is signed."
        >
          {allowsStep(dispute.state, 'rule') ? (
            <RulingForm dispute={dispute} proposedMicroUsd={outcome.refundMicroUsd} chainId={chainId} rpcUrl={rpcUrl} />
          ) : (
            <Notice>
              {isClosed(dispute)
                ? 'The case is closed.'
                : `No vote is open in this state: ${nextStepOf(dispute)} comes first.`}
            </Notice>
          )}
        </Section>
        <Section title="Arbiters" description="Drawn from the roster by the chain; no party sits on its own case.">
          {panels.length > 0 ? <PanelView panels={panels} /> : <Notice>No panel is drawn yet.</Notice>}
        </Section>
      </div>
      <Section title="On the chain">
        <EventsTable events={events} txStages={await txStagesOf(events.map(({ txHash }) => txHash))} />
      </Section>
    </>
  )
}
