/** What every list of epochs shows of one: when it closed, its number, how far it is settled, how much it holds. */
import type { EpochSummary } from '@isochrone/services'
import { Link } from '~/components/ui/link.tsx'
import { EpochStatusBadge } from '~/components/status.tsx'
import type { Column } from '~/components/ui/data-table.tsx'
import { Utc } from '~/components/ui/values.tsx'
import { formatCount } from '~/lib/words/format.ts'

type EpochHead = Pick<EpochSummary, 'lane' | 'epoch' | 'status' | 'closedAtMs' | 'receipts'>

export const epochKey = ({ lane, epoch }: Pick<EpochHead, 'lane' | 'epoch'>) => `${lane}-${epoch}`

export const epochColumns: readonly Column<EpochHead>[] = [
  { head: 'Closed, UTC', cell: (epoch) => <Utc at={epoch.closedAtMs} bare /> },
  {
    head: 'Epoch',
    cell: ({ lane, epoch }) => (
      <Link className="link figures" href={`/epochs/${lane}/${epoch}`}>
        {epoch}
      </Link>
    ),
  },
  { head: 'Status', cell: (epoch) => <EpochStatusBadge status={epoch.status} /> },
  { head: 'Receipts', numeric: true, cell: (epoch) => formatCount(epoch.receipts) },
]
