/** One row for each way in which a node's decisions ended: won, lost on something, or left out by a constraint. */
import type { LossReason, NodeJobs } from '@isochrone/services'
import { CircleCheck, CircleMinus, CircleSlash } from 'lucide-react'
import { Link } from '~/components/ui/link.tsx'
import { Badge } from '~/components/ui/badge.tsx'
import { DataTable } from '~/components/ui/data-table.tsx'
import { formatCount, formatMs, formatShare, nodeLabel } from '~/lib/words/format.ts'
import { rejectionText } from '~/lib/market/placement.ts'

interface Row {
  key: string
  node: NodeJobs
  kind: 'won' | 'lost' | 'left out'
  count: number
  why: string
}

const lossWords: Record<LossReason, string> = {
  price: 'on price',
  latency: 'on the time to the first token',
  speed: 'on the time per further token',
  failure: 'on the risk of failure',
  draw: 'too close to tell apart: the draw fell on another',
  exploration: 'another was tried in order to learn',
}

export function JobsTable({ nodes }: { nodes: readonly NodeJobs[] }) {
  return (
    <DataTable
      label="Decisions by node"
      className="sm:min-w-[640px]"
      stacks
      rows={nodes.flatMap(rowsOf)}
      rowKey={({ key }) => key}
      columns={[
        {
          head: 'Node',
          className: 'whitespace-nowrap',
          cell: ({ node }) => (
            <Link href={`/offers/${node.id}`} className="link">
              {nodeLabel(node)}
            </Link>
          ),
        },
        { head: 'Outcome', cell: ({ kind }) => <Kind kind={kind} /> },
        { head: 'Decisions', numeric: true, cell: ({ count }) => formatCount(count) },
        { head: 'Share', numeric: true, cell: ({ count, node }) => formatShare(count / node.named) },
        { head: 'Why', cell: ({ why }) => why },
      ]}
    />
  )
}

function rowsOf(node: NodeJobs): Row[] {
  const won: Row = { key: `${node.id}-won`, node, kind: 'won', count: node.won, why: 'lowest score, or the draw' }
  return [
    ...(node.won > 0 ? [won] : []),
    ...node.lost.map(({ reason, count, toOwn, byUsd, byMs }): Row => {
      const margins = [
        ...(byMs !== null && byMs > 0 ? [`by ${formatMs(byMs)}`] : []),
        ...(byUsd !== null && byUsd > 0 ? [`worth $${usdText(byUsd)} a request`] : []),
        ...(toOwn > 0 ? [`${toOwn === count ? 'all' : formatCount(toOwn)} to other nodes of yours`] : []),
      ]
      const why = margins.length > 0 ? `${lossWords[reason]}, ${margins.join(', ')}` : lossWords[reason]
      return { key: `${node.id}-${reason}`, node, kind: 'lost', count, why }
    }),
    ...node.masked.map(({ reason, count }): Row => {
      const key = `${node.id}-masked-${reason}`
      return { key, node, kind: 'left out', count, why: `the node ${rejectionText(reason)}` }
    }),
  ]
}

/** Two significant digits: these are fractions of a cent. */
const usdText = (usd: number): string => usd.toLocaleString('en-US', { maximumSignificantDigits: 2 })

function Kind({ kind }: Pick<Row, 'kind'>) {
  if (kind === 'won') {
    return (
      <Badge tone="good" icon={CircleCheck}>
        won
      </Badge>
    )
  }
  return kind === 'lost' ? <Badge icon={CircleMinus}>lost</Badge> : <Badge icon={CircleSlash}>left out</Badge>
}
