/** One node of the queue: how it stands, its newest verdicts, and what each was judged by. */
import type { QueuedNode } from '@isochrone/services'
import { Link } from '~/components/ui/link.tsx'
import { ChecksTable } from '~/components/provider/checks-table.tsx'
import { StandingBadge } from '~/components/status.tsx'
import { Section } from '~/components/ui/page-header.tsx'
import { Utc } from '~/components/ui/values.tsx'
import { RecheckDialog } from './recheck-dialog.tsx'

export function QueuedNodeSection({ node, nowMs }: { node: QueuedNode; nowMs: number }) {
  const { id, name, providerId, providerName, standing, checks, checkedAtMs, dueAtMs, status, trust } = node
  return (
    <Section
      title={name}
      description={
        <>
          <Link href={`/providers/${providerId}`} className="link">
            {providerName}
          </Link>
          {' · '}
          {status === 'active' ? (
            <Link href={`/offers/${id}`} className="link">
              on offer
            </Link>
          ) : (
            'joining'
          )}
          {` · hardware ${trust} · `}
          {checkedAtMs === null ? (
            'not checked yet'
          ) : (
            <>
              checked <Utc at={checkedAtMs} />
            </>
          )}
          {' · '}
          {dueAtMs <= nowMs ? (
            'due now'
          ) : (
            <>
              due <Utc at={dueAtMs} />
            </>
          )}
        </>
      }
      actions={
        <>
          <StandingBadge standing={standing} />
          <RecheckDialog id={id} name={name} />
        </>
      }
    >
      {checks.length > 0 ? (
        <ChecksTable checks={checks} label={`Checks of ${name}`} />
      ) : (
        <p className="text-ink-3">No verdict yet.</p>
      )}
    </Section>
  )
}
