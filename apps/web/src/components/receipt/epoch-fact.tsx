/** The epoch of a receipt, in a list of facts. */
import { Link } from '~/components/ui/link.tsx'

export function EpochFact({ lane, epoch }: { lane: string; epoch: number | null }) {
  if (epoch === null) return 'still open'
  return (
    <Link className="link" href={`/epochs/${lane}/${epoch}`}>
      {epoch}
    </Link>
  )
}
