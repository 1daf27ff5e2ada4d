/** A provider's nodes, and the tokens with which further ones may join. */
import type { JoinTokenView, ProviderNode } from '@isochrone/services'
import { Link } from '~/components/ui/link.tsx'
import { LiveBadge, NodeStatusBadge, SimulatedBadge, SimulatedNetworkBadge } from '~/components/status.tsx'
import { Badge } from '~/components/ui/badge.tsx'
import { DataTable, type Column } from '~/components/ui/data-table.tsx'
import { Money, Utc } from '~/components/ui/values.tsx'
import { formatCount, formatMs, shortHardware } from '~/lib/words/format.ts'
import { dataPolicyWords, tierWords, trustWords } from '~/lib/words/node-words.ts'
import { RevokeToken } from './revoke-token.tsx'

const second = 'text-xs text-ink-3'

const nodeColumns: Column<ProviderNode>[] = [
  {
    head: 'Node',
    className: 'whitespace-nowrap',
    // Only what is on the market has an offer.
    cell: ({ id, name, status }) =>
      status === 'active' ? (
        <Link href={`/offers/${id}`} className="link font-medium">
          {name}
        </Link>
      ) : (
        <span className="font-medium">{name}</span>
      ),
  },
  {
    head: 'State',
    cell: ({ status, live }) => (
      <span className="flex flex-col items-start gap-1">
        <NodeStatusBadge status={status} />
        <LiveBadge live={live} />
      </span>
    ),
  },
  {
    head: 'Hardware',
    cell: ({ hardware, gpuClass, simulated, measured }) => (
      <>
        <span title={hardware}>{shortHardware(hardware)}</span>
        <div className="flex flex-wrap gap-1">
          <Badge title="What a routing policy’s GPU classes name.">{gpuClass}</Badge>
          {simulated && <SimulatedBadge />}
          {measured && measured.simulatedRttMs !== null && <SimulatedNetworkBadge />}
        </div>
      </>
    ),
  },
  {
    head: 'Region, tier',
    className: 'whitespace-nowrap',
    cell: ({ region, country, tier }) => (
      <>
        {region} <span className={second}>{country}</span>
        <div className={second}>{tierWords[tier].label.toLowerCase()}</div>
      </>
    ),
  },
  {
    head: 'Data policy, trust',
    className: 'whitespace-nowrap',
    cell: ({ dataPolicy, trust }) => (
      <>
        <span title={dataPolicyWords[dataPolicy].help}>{dataPolicyWords[dataPolicy].label}</span>
        <div className={second} title={trustWords[trust].help}>
          {trustWords[trust].label.toLowerCase()}
        </div>
      </>
    ),
  },
  {
    head: '$/M in, out',
    numeric: true,
    cell: ({ prices }) => (
      <>
        <Money microUsd={prices.inMicroUsdPerMtok} decimalsMin={3} />
        <div>
          <Money microUsd={prices.outMicroUsdPerMtok} decimalsMin={3} />
        </div>
      </>
    ),
  },
  { head: 'TTFT p50', numeric: true, cell: ({ measured }) => formatMs(measured?.ttftP50Ms) },
  {
    head: 'Streams',
    numeric: true,
    cell: ({ measured }) => (measured ? `${measured.activeStreams} of ${measured.concurrencyMax}` : '—'),
  },
  {
    head: 'Attempts 24 h',
    numeric: true,
    cell: ({ attemptsLastDay, faultsLastDay, declinesLastDay }) => (
      <>
        {formatCount(attemptsLastDay)}
        <div className={second}>{formatCount(faultsLastDay)} at fault</div>
        {declinesLastDay > 0 && (
          <div className={second} title="Declined, because more prompts waited there than might: no fault.">
            {formatCount(declinesLastDay)} declined
          </div>
        )}
      </>
    ),
  },
  { head: 'Earned 24 h', numeric: true, cell: (node) => <Money microUsd={node.earnedLastDayMicroUsd} /> },
]

export function NodesTable({ nodes }: { nodes: ProviderNode[] }) {
  return (
    <DataTable
      label="Nodes"
      className="sm:min-w-[960px]"
      stacks
      columns={nodeColumns}
      rows={nodes}
      rowKey={(node) => node.id}
    />
  )
}

const tokenColumns: Column<JoinTokenView>[] = [
  { head: 'For', className: 'font-medium', cell: (token) => token.nodeName },
  {
    head: 'Region',
    cell: ({ region, country }) => (
      <>
        {region} <span className={second}>{country}</span>
      </>
    ),
  },
  {
    head: 'Tier, data policy',
    cell: ({ tier, dataPolicy }) => (
      <>
        {tierWords[tier].label}, {dataPolicyWords[dataPolicy].label.toLowerCase()}
      </>
    ),
  },
  { head: 'Expires, UTC', cell: (token) => <Utc at={token.expiresAtMs} bare /> },
]

interface TokensTableProps {
  tokens: JoinTokenView[]
  disabledReason: string | undefined
}

export function TokensTable({ tokens, disabledReason }: TokensTableProps) {
  return (
    <DataTable
      label="Open join tokens"
      className="sm:min-w-[520px]"
      stacks
      columns={tokenColumns}
      rows={tokens}
      rowKey={(token) => token.id}
      actions={({ id, nodeName }) => !disabledReason && <RevokeToken id={id} nodeName={nodeName} />}
    />
  )
}
