/** A provider's nodes, and the tokens with which further ones may join. */
import type { JoinTokenView, ProviderNode } from '@isochrone/services'
import Link from 'next/link'
import { LiveBadge, NodeStatusBadge, SimulatedBadge, SimulatedNetworkBadge } from '~/components/status.tsx'
import { Badge } from '~/components/ui/badge.tsx'
import { Table, Td, Th, Tr } from '~/components/ui/table.tsx'
import { Money, Utc } from '~/components/ui/values.tsx'
import { formatCount, formatMs, shortHardware } from '~/lib/format.ts'
import { dataPolicyWords, tierWords, trustWords } from '~/lib/node-words.ts'
import { RevokeToken } from './revoke-token.tsx'

export function NodesTable({ nodes }: { nodes: ProviderNode[] }) {
  return (
    <Table label="Nodes" className="min-w-[960px]">
      <thead>
        <tr>
          <Th>Node</Th>
          <Th>State</Th>
          <Th>Hardware</Th>
          <Th>Region, tier</Th>
          <Th>Data policy, trust</Th>
          <Th numeric>$/M tokens in, out</Th>
          <Th numeric>TTFT p50</Th>
          <Th numeric>Streams</Th>
          <Th numeric>Attempts, at fault 24 h</Th>
          <Th numeric>Earned 24 h</Th>
        </tr>
      </thead>
      <tbody>
        {nodes.map((node) => (
          <Tr key={node.id}>
            <Td className="whitespace-nowrap">
              <Link href={`/offers/${node.id}`} className="link font-medium">
                {node.name}
              </Link>
            </Td>
            <Td>
              <span className="flex flex-col items-start gap-1">
                <NodeStatusBadge status={node.status} />
                <LiveBadge live={node.live} />
              </span>
            </Td>
            <Td>
              <span title={node.hardware}>{shortHardware(node.hardware)}</span>
              <div className="flex flex-wrap gap-1">
                <Badge title="What a routing policy’s GPU classes name.">{node.gpuClass}</Badge>
                {node.simulated && <SimulatedBadge />}
                {node.measured && node.measured.simulatedRttMs !== null && <SimulatedNetworkBadge />}
              </div>
            </Td>
            <Td className="whitespace-nowrap">
              {node.region} <span className="text-xs text-ink-3">{node.country}</span>
              <div className="text-xs text-ink-3">{tierWords[node.tier].label.toLowerCase()}</div>
            </Td>
            <Td className="whitespace-nowrap">
              <span title={dataPolicyWords[node.dataPolicy].help}>{dataPolicyWords[node.dataPolicy].label}</span>
              <div className="text-xs text-ink-3" title={trustWords[node.trust].help}>
                {trustWords[node.trust].label.toLowerCase()}
              </div>
            </Td>
            <Td numeric>
              <Money microUsd={node.prices.inMicroUsdPerMtok} decimalsMin={3} />
              <div>
                <Money microUsd={node.prices.outMicroUsdPerMtok} decimalsMin={3} />
              </div>
            </Td>
            <Td numeric>{formatMs(node.measured?.ttftP50Ms)}</Td>
            <Td numeric>{node.measured ? `${node.measured.activeStreams} of ${node.measured.concurrencyMax}` : '—'}</Td>
            <Td numeric>
              {formatCount(node.attemptsLastDay)}
              <div className="text-xs text-ink-3">{formatCount(node.faultsLastDay)}</div>
            </Td>
            <Td numeric>
              <Money microUsd={node.earnedLastDayMicroUsd} />
            </Td>
          </Tr>
        ))}
      </tbody>
    </Table>
  )
}

export function TokensTable({
  tokens,
  disabledReason,
}: {
  tokens: JoinTokenView[]
  disabledReason: string | undefined
}) {
  return (
    <Table label="Open join tokens" className="min-w-[520px]">
      <thead>
        <tr>
          <Th>For</Th>
          <Th>Region</Th>
          <Th>Tier, data policy</Th>
          <Th>Expires, UTC</Th>
          <Th>
            <span className="sr-only">Actions</span>
          </Th>
        </tr>
      </thead>
      <tbody>
        {tokens.map((token) => (
          <Tr key={token.id}>
            <Td className="font-medium">{token.nodeName}</Td>
            <Td>
              {token.region} <span className="text-xs text-ink-3">{token.country}</span>
            </Td>
            <Td>
              {tierWords[token.tier].label}, {dataPolicyWords[token.dataPolicy].label.toLowerCase()}
            </Td>
            <Td>
              <Utc at={token.expiresAtMs} bare />
            </Td>
            <Td className="text-right">{!disabledReason && <RevokeToken id={token.id} nodeName={token.nodeName} />}</Td>
          </Tr>
        ))}
      </tbody>
    </Table>
  )
}
