/** How a provider's nodes stand with their checks, each with what it found and what would fix it. */
import { ShieldCheck } from 'lucide-react'
import { redirect } from 'next/navigation'
import { checkName, ChecksTable } from '~/components/provider/checks-table.tsx'
import { EarlierVerdicts } from '~/components/verification/earlier-verdicts.tsx'
import { StandingBadge } from '~/components/status.tsx'
import { LiveRefresh } from '~/components/shell/live-refresh.tsx'
import { EmptyState } from '~/components/ui/empty-state.tsx'
import { PageHeader, Section } from '~/components/ui/page-header.tsx'
import { Utc } from '~/components/ui/values.tsx'
import { pageData } from '~/server/page-data.ts'
import { requireOrganisation } from '~/server/require.ts'

export const metadata = { title: 'Verification' }

export default async function VerificationPage() {
  const organisation = await requireOrganisation('/provider/verification')
  if (!organisation.providerId) redirect('/provider')
  const nodes = await pageData('/provider/verification', (api) => api.provider.verification())
  const nowMs = Date.now()
  return (
    <>
      <PageHeader
        trail={[{ href: '/provider', label: 'Nodes & earnings' }]}
        title="Verification"
        description="What the checks found of your nodes. Valid was shown, invalid was disproved, unverifiable means that nobody could tell. Each verdict holds for a time and is then made anew."
        actions={<LiveRefresh intervalMs={10_000} />}
      />
      {nodes.length === 0 && (
        <EmptyState icon={ShieldCheck} title="No node has joined yet">
          A node is checked when it joins, and then again and again.
        </EmptyState>
      )}
      {nodes.map(({ id, name, standing, checks, earlierChecks, dueAtMs }) => (
        <Section
          key={id}
          title={name}
          description={
            dueAtMs <= nowMs ? (
              'Is being checked.'
            ) : (
              <>
                Next check <Utc at={dueAtMs} />
              </>
            )
          }
          actions={<StandingBadge standing={standing} />}
        >
          {checks.length > 0 ? (
            <>
              <ChecksTable checks={checks} label={`Checks of ${name}`} />
              <EarlierVerdicts label={`Earlier verdicts on ${name}`} verdicts={earlierChecks} nameOf={checkName} />
            </>
          ) : (
            <p className="text-ink-3">Not checked yet.</p>
          )}
        </Section>
      ))}
    </>
  )
}
