/** One dispute as its parties see it: the case, what happened, and what they can do next. */
import { allowsStep, usdFromMicroUsd } from '@isochrone/domain'
import { AnswerForm, AppealStep } from '~/components/disputes/party-steps.tsx'
import { CaseView } from '~/components/disputes/case-view.tsx'
import { DisputeBadge } from '~/components/disputes/dispute-badge.tsx'
import { EventsTable } from '~/components/disputes/events-table.tsx'
import { PanelView } from '~/components/disputes/panel-view.tsx'
import { LiveRefresh } from '~/components/shell/live-refresh.tsx'
import { PageHeader, Section } from '~/components/ui/page-header.tsx'
import { Utc } from '~/components/ui/values.tsx'
import { caseWords, isClosed, nextStepOf } from '~/lib/words/dispute-words.ts'
import { appealBondMicroUsd, chainContext } from '~/server/context.ts'
import { pageData } from '~/server/page-data.ts'
import { adminOnlyReason, requireOrganisation } from '~/server/require.ts'
import { txStagesOf } from '~/server/tx-stages.ts'

export const metadata = { title: 'Dispute' }

export default async function DisputePage({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params
  const org = await requireOrganisation(`/disputes/${id}`)
  const detail = await pageData(`/disputes/${id}`, (api) => api.disputes.detail({ id }))
  const { dispute, events, panels, isProvider } = detail
  const { chainId, rpcUrl } = await chainContext()
  const step = { disputeId: id, chainId, rpcUrl, disabledReason: adminOnlyReason(org) }
  return (
    <>
      <PageHeader
        trail={[{ href: '/disputes', label: 'Disputes' }]}
        title={`Dispute ${id}`}
        description={
          isClosed(dispute) ? (
            caseWords(detail).hint
          ) : (
            <>
              Open: {nextStepOf(dispute)}, until <Utc at={dispute.deadlineMs} />
            </>
          )
        }
        badges={<DisputeBadge state={dispute.state} />}
        actions={isClosed(dispute) ? undefined : <LiveRefresh intervalMs={3_000} />}
      />
      <CaseView dispute={detail} />
      {isProvider && allowsStep(dispute.state, 'respond') && (
        <Section title="Answer">
          <AnswerForm {...step} />
        </Section>
      )}
      {allowsStep(dispute.state, 'appeal') && (
        <Section title="Appeal">
          <AppealStep {...step} bond={usdFromMicroUsd(await appealBondMicroUsd())} />
        </Section>
      )}
      {panels.length > 0 && (
        <Section title="Arbiters">
          <PanelView panels={panels} />
        </Section>
      )}
      <Section title="On the chain">
        <EventsTable events={events} txStages={await txStagesOf(events.map(({ txHash }) => txHash))} />
      </Section>
    </>
  )
}
