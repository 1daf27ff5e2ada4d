/** Why this node: candidates with the terms of their score in dollars, and why the others were out. */
import type { RequestDetail } from '@isochrone/services'
import { Badge } from '~/components/ui/badge.tsx'
import { CopyButton } from '~/components/ui/copy-button.tsx'
import { Notice } from '~/components/ui/notice.tsx'
import { Section } from '~/components/ui/page-header.tsx'
import { Table, Td, Th, Tr } from '~/components/ui/table.tsx'
import { addressOf, formatMs, shortHash } from '~/lib/format.ts'
import { formatScoreUsd, readPlacement, rejectionText } from '~/lib/placement.ts'

export interface PlacementPanelProps {
  placement: RequestDetail['placement']
  /** Names of nodes, by node id. */
  nodeNames: Record<string, string>
}

export function PlacementPanel({ placement, nodeNames }: PlacementPanelProps) {
  const record = readPlacement(placement)
  if (!record) {
    return (
      <Section title="Placement">
        <Notice>No placement was recorded: the request ended before one was made.</Notice>
      </Section>
    )
  }
  const nameOf = (nodeId: string) => nodeNames[nodeId] ?? shortHash(addressOf(nodeId))
  const role = (nodeId: string) =>
    nodeId === record.choice ? 'chosen' : record.alternates.includes(nodeId) ? 'alternate' : null
  return (
    <Section
      title="Placement"
      description={
        <>
          {record.candidates.length} of {record.poolSize} replicas could serve it; the lowest score wins. A second of
          waiting was worth ${formatScoreUsd(record.request.valueOfSecondMicroUsd)} to you. Engine version{' '}
          {record.engineVersion}.{record.explored && ' This one was chosen at random, to keep the estimates fresh.'}
        </>
      }
      actions={<CopyButton withText label="placement record" value={JSON.stringify(placement, null, 2)} />}
    >
      <Table label="Candidates and their scores in dollars" className="min-w-[820px]">
        <thead>
          <tr>
            <Th>Node</Th>
            <Th numeric>Score, $</Th>
            <Th numeric>Tokens, $</Th>
            <Th numeric>Bytes, $</Th>
            <Th numeric>Waiting, $</Th>
            <Th numeric>Late start, $</Th>
            <Th numeric>Slow tokens, $</Th>
            <Th numeric>Failure risk, $</Th>
            <Th numeric>Expected TTFT</Th>
            <Th numeric>Streams</Th>
          </tr>
        </thead>
        <tbody>
          {record.candidates.map((row) => (
            <Tr key={row.nodeId}>
              <Td className="whitespace-nowrap">
                {nameOf(row.nodeId)}{' '}
                {role(row.nodeId) && (
                  <Badge tone={role(row.nodeId) === 'chosen' ? 'accent' : 'neutral'}>{role(row.nodeId)}</Badge>
                )}
              </Td>
              <Td numeric className="font-medium">
                {formatScoreUsd(row.score)}
              </Td>
              <Td numeric>{formatScoreUsd(row.terms.tokens)}</Td>
              <Td numeric>{formatScoreUsd(row.terms.bytes)}</Td>
              <Td numeric>{formatScoreUsd(row.terms.latency)}</Td>
              <Td numeric>{formatScoreUsd(row.terms.sloTtft)}</Td>
              <Td numeric>{formatScoreUsd(row.terms.sloTpot)}</Td>
              <Td numeric>{formatScoreUsd(row.terms.failure)}</Td>
              <Td numeric>{formatMs(row.ttftMs)}</Td>
              <Td numeric>{row.activeStreams}</Td>
            </Tr>
          ))}
        </tbody>
      </Table>
      {record.rejected.length > 0 && (
        <ul className="mt-2 flex flex-col gap-1 text-ink-2">
          {record.rejected.map(({ nodeId, reason }) => (
            <li key={nodeId}>
              <span className="font-medium text-ink">{nameOf(nodeId)}</span> was out: {rejectionText(reason)}.
            </li>
          ))}
        </ul>
      )}
    </Section>
  )
}
