/** Why this node: candidates with the terms of their score in dollars, why the others lost, and why some were out. */
import type { RequestDetail } from '@isochrone/services'
import Link from 'next/link'
import { Badge } from '~/components/ui/badge.tsx'
import { CopyButton } from '~/components/ui/copy-button.tsx'
import { DownloadButton } from '~/components/ui/download-button.tsx'
import { Notice } from '~/components/ui/notice.tsx'
import { Section } from '~/components/ui/page-header.tsx'
import { addressOf, formatMs, shortHash } from '~/lib/format.ts'
import {
  formatScoreUsd,
  leaseOfPlacement,
  policyPhrases,
  readPlacement,
  rejectionText,
  type PlacementView,
} from '~/lib/placement.ts'
import { CandidatesTable } from './candidates-table.tsx'

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
  return (
    <Section
      title="Placement"
      description={<Summary record={record} nameOf={nameOf} />}
      actions={
        <>
          <CopyButton withText label="placement record" value={json} />
          <DownloadButton fileName={`placement-${requestId}.json`} text={`${json}\n`}>
            Download record
          </DownloadButton>
        </>
      }
    >
      {record.choice === null && (
        <Notice tone="warn" className="mb-3">
          Nobody was chosen{record.reason ? `: ${rejectionText(record.reason)}` : ''}.
          {record.retryAfterMs ? ` The advice was to try again after ${formatMs(record.retryAfterMs)}.` : ''}
        </Notice>
      )}
      {record.candidates.length > 0 && <CandidatesTable record={record} nameOf={nameOf} />}
      {record.rejected.length > 0 && <Rejected record={record} nameOf={nameOf} />}
      <p className="mt-3 text-xs text-ink-3">
        {replayable ? (
          <>
            The record holds the seed and every row that was looked at. Replay it with{' '}
            <code className="font-mono text-ink-2">npm run explain -- placement-{requestId}.json</code>: the same choice
            comes out.
          </>
        ) : (
          'Recorded by an earlier engine: it kept scores and reasons, but not the rows needed to replay the choice.'
        )}
      </p>
    </Section>
  )
}

interface Part {
  record: PlacementView
  nameOf: (id: string) => string
}

function Summary({ record, nameOf }: Part) {
  const { request, poolSize, eligible, sampled, explored, engineVersion } = record
  const worth = request.policy?.valueOfSecondMicroUsd ?? request.valueOfSecondMicroUsd
  const asked = request.policy ? policyPhrases(request.policy, nameOf) : []
  return (
    <>
      {eligible === null || sampled === null
        ? `${record.candidates.length} of ${poolSize} replicas could serve it; the lowest score wins.`
        : `Of ${counted(poolSize, 'replica')} of the model ${eligible} met the policy, ${sampled.length} were compared, and the lowest score wins.`}
      {worth !== null && ` A second of waiting was worth $${formatScoreUsd(worth)} to you.`}
      {asked.length > 0 && ` Policy: ${asked.join('; ')}.`}
      {explored && ' This one was chosen to learn how it does now, not because it scored best.'} Engine version{' '}
      {engineVersion}.
    </>
  )
}

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`

function Rejected({ record, nameOf }: Part) {
  return (
    <div className="mt-3">
      <h3 className="mb-1 font-medium">Not considered</h3>
      <ul className="flex flex-col gap-1 text-ink-2">
        {record.rejected.map(({ nodeId, reason }) => (
          <li key={nodeId} className="flex flex-wrap items-center gap-x-1.5">
            <span className="font-medium text-ink">{nameOf(nodeId)}</span> {rejectionText(reason)}{' '}
            <Badge>{reason.replaceAll('_', ' ')}</Badge>
          </li>
        ))}
      </ul>
    </div>
  )
}
