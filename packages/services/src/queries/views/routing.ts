/** What a team sees of its default routing policy. */

/** The policy in the words of the API (`sort`, `max_price`, …), as a request may carry it too. Prices are in dollars. */
export type RoutingJson = Record<string, unknown>

export interface RoutingView {
  /** As saved; `{}` = the platform's defaults. */
  routing: RoutingJson
}
