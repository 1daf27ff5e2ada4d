/** An organisation's default routing policy: what holds for every request that says nothing else. */
import type { AccountsStore } from '../ports/control-plane-store.ts'
import type { RoutingJson, RoutingView } from '../queries/views/routing.ts'

export async function routingOf(accounts: AccountsStore, orgId: string): Promise<RoutingView> {
  const row = await accounts.settings(orgId)
  return { routing: (row?.routing ?? {}) as RoutingJson }
}
