/** How a provider's nodes stand with their checks, each with what it found and what would fix it. */
import { ShieldCheck } from 'lucide-react'
import { redirect } from 'next/navigation'
import type { VerificationStatus } from '@isochrone/domain'
import { ChecksTable } from '~/components/provider/checks-table.tsx'
import { LiveRefresh } from '~/components/shell/live-refresh.tsx'
import { Badge, type Tone } from '~/components/ui/badge.tsx'
import { EmptyState } from '~/components/ui/empty-state.tsx'
import { PageHeader, Section } from '~/components/ui/page-header.tsx'
import { Utc } from '~/components/ui/values.tsx'
import { pageData } from '~/server/page-data.ts'
import { requireOrganisation } from '~/server/require.ts'

export const metadata = { title: 'Verification' }

const tones: Record<VerificationStatus, Tone> = {
  pending: 'neutral',
  verified: 'good',
  unverified: 'warn',
  failed: 'bad',
}

export default async function VerificationPage() {
  const organisation = await requireOrganisation('/provider/verification')
  if (!organisation.providerId) redirect('/provider')
  const nodes = await pageData('/provider/verification', (api) => api.provider.verification())
  return (
    <>
      <PageHeader
        trail={[{ href: '/provider', label: 'Nodes & earnings' }]}
        title="Verification"
        description="What the checks found of your nodes. Each verdict holds for a time; one that ran out proves nothing."
        actions={<LiveRefresh intervalMs={10_000} />}
      />
      {nodes.length === 0 && (
        <EmptyState icon={ShieldCheck} title="No node has joined yet">
          A node is checked when it joins, and then again and again.
        </EmptyState>
      )}
      {nodes.map(({ id, name, standing, checks, dueAtMs }) => (
        <Section
          key={id}
          title={name}
          description={
            <>
              Next check <Utc at={dueAtMs} />
            </>
          }
          actions={<Badge tone={tones[standing]}>{standing}</Badge>}
        >
          {checks.length > 0 ? (
            <ChecksTable checks={checks} label={`Checks of ${name}`} />
          ) : (
            <p className="text-ink-3">Not checked yet.</p>
          )}
        </Section>
      ))}
    </>
  )
}
