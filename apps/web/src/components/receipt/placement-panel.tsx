/**
 * Why this node: the decision that served, and the others that the request took on its way (hedge, failover, move), each
 * with its candidates, why they lost, and why some were out.
 */
import type { RequestDetail } from '@isochrone/services'
import Link from 'next/link'
import { CopyButton } from '~/components/ui/copy-button.tsx'
import { DownloadButton } from '~/components/ui/download-button.tsx'
import { Notice } from '~/components/ui/notice.tsx'
import { Section } from '~/components/ui/page-header.tsx'
import { addressOf, shortHash } from '~/lib/words/format.ts'
import { leaseOfPlacement, readOtherDecisions, readPlacement } from '~/lib/market/placement.ts'
import { Decision, DecisionSummary } from './decision.tsx'
import { OtherDecisionList } from './other-decisions.tsx'

export interface PlacementPanelProps {
  /** Names the downloaded file. */
  requestId: string
  placement: RequestDetail['placement']
  /** Names of nodes, and of providers, by id. */
  nodeNames: Record<string, string>
}

function OnLease({ leaseId }: { leaseId: string }) {
  return (
    <Section title="Placement">
      <Notice>
        It ran on the lease{' '}
        <Link href={`/leases/${leaseId}`} className="link font-mono text-xs break-all">
          {leaseId}
        </Link>
        , whose node was chosen when it was rented. Requests to it are paid for by the lease.
      </Notice>
    </Section>
  )
}

export function PlacementPanel({ requestId, placement, nodeNames }: PlacementPanelProps) {
  const leaseId = leaseOfPlacement(placement)
  if (leaseId !== null) return <OnLease leaseId={leaseId} />
  const record = readPlacement(placement)
  const json = JSON.stringify(placement, null, 2)
  if (!record) {
    return (
      <Section title="Placement">
        <Notice>
          {placement === null || placement === undefined
            ? 'No placement was recorded: the request ended before one was made.'
            : 'The placement was recorded in a form that this page does not know. '}
          {placement !== null && placement !== undefined && (
            <CopyButton withText label="placement record" value={json} />
          )}
        </Notice>
      </Section>
    )
  }
  const nameOf = (id: string) => nodeNames[id] ?? shortHash(addressOf(id))
  const replayable = record.sampled !== null
  const { earlier, later } = readOtherDecisions(placement)
  const count = earlier.length + 1 + later.length
  return (
    <Section
      title="Placement"
      description={
        <>
          {count > 1 &&
            `Decision ${earlier.length + 1} of ${count}: the one that served, or the last of a request that failed. `}
          <DecisionSummary record={record} nameOf={nameOf} />
        </>
      }
      actions={
        <>
          <CopyButton withText label="placement record" value={json} />
          <DownloadButton fileName={`placement-${requestId}.json`} text={`${json}\n`}>
            Download record
          </DownloadButton>
        </>
      }
    >
      <Decision record={record} nameOf={nameOf} />
      {count > 1 && <OtherDecisionList earlier={earlier} later={later} nameOf={nameOf} />}
      <p className="mt-3 text-xs text-ink-3">
        {replayable ? (
          <>
            The record holds the seed and every row that was looked at. Replay it with{' '}
            <code className="font-mono break-all text-ink-2">npm run explain -- placement-{requestId}.json</code>: the
            same {count > 1 ? 'choices come' : 'choice comes'} out.
          </>
        ) : (
          'Recorded by an earlier engine: it kept scores and reasons, but not the rows needed to replay the choice.'
        )}
      </p>
    </Section>
  )
}
