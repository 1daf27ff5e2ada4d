/** What every group of rows of the routing form is given. */
import type { RoutingDraft } from '~/lib/market/routing-draft.ts'
import type { RoutingMarket } from '~/lib/market/routing-market.ts'

export interface RowsProps {
  draft: RoutingDraft
  edit: (change: Partial<RoutingDraft>) => void
  /** By the API's name of the field: `max_price.output`. */
  errorOf: (field: string) => string | undefined
  market: RoutingMarket
  disabled: boolean
}
