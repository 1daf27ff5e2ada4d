/** The node of a receipt, in a list of facts: its offer, whether it is simulated, and the key that signed. */
import type { NodeRef } from '@isochrone/services'
import { SimulatedBadge } from '~/components/status.tsx'
import { Link } from '~/components/ui/link.tsx'
import { Hash } from '~/components/ui/values.tsx'
import { addressOf } from '~/lib/words/format.ts'

export function NodeFact({ node, nodeId }: { node: NodeRef | null; nodeId: string }) {
  return (
    <span className="flex flex-wrap items-center gap-1.5">
      {node ? (
        <Link href={`/offers/${node.id}`} className="link">
          {node.name}
        </Link>
      ) : (
        'unknown'
      )}
      {node?.simulated && <SimulatedBadge />}
      <Hash value={addressOf(nodeId)} label="node key" />
    </span>
  )
}
