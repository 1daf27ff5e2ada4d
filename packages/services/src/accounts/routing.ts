/**
 * An organisation's default routing policy: what holds for every request that says nothing else.
 *
 * It is kept in the words of the API and read by the same parser as a request's own, here before it is saved and by
 * every gateway after. So a policy that was accepted means the same wherever it is applied.
 */
import { AppError } from '@isochrone/domain'
import { parseRoutingPolicy, routingDefaults, secondsBySort } from '@isochrone/scheduler'
import { commitAndPublish } from '../control/commit-and-publish.ts'
import { recordControlChange } from '../control/record-control-change.ts'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import type { AccountsStore, ProvidersStore } from '../ports/control-plane-store.ts'
import type { JsonValue, RoutingJson, RoutingView } from '../queries/views/routing.ts'
import { refuseContradiction } from './refuse-contradiction.ts'

export async function routingOf(accounts: AccountsStore, orgId: string): Promise<RoutingView> {
  const row = await accounts.settings(orgId)
  const { sort, ttftSloMs, tpotSloMs } = routingDefaults
  return {
    routing: (row?.routing ?? {}) as RoutingJson,
    defaults: { sort, ttftSloMs, tpotSloMs, worthOfSecondMicroUsd: secondsBySort },
  }
}

/**
 * Replaces the policy; `{}` is the platform's defaults. Throws `invalid_input` that names the field, and `state_conflict` where neither
 * `seen` nor the new one stands: a tab that was left open must not take back what a colleague forbade.
 *
 * @param seen what the form was filled in from; without it whatever there is is replaced.
 */
export async function saveRouting(
  deps: Pick<ControlPlaneDeps, 'store' | 'stream'>,
  { orgId, routing, seen }: { orgId: string; routing: RoutingJson; seen?: RoutingJson | undefined },
): Promise<RoutingView> {
  const kept = withoutNulls(routing)
  const { policy } = parseRoutingPolicy(kept)
  const { exclude: named = [] } = policy
  const exclude = await knownIds(deps.store.providers, named)
  if (named.length > 0) kept.exclude = exclude
  refuseContradiction({ ...policy, exclude }, await deps.store.providers.nodes())
  return commitAndPublish(deps, async (tx) => {
    if (!(await tx.accounts.saveRouting(orgId, kept, seen))) {
      throw new AppError('state_conflict', {
        publicMessage:
          'The policy was changed since this page was loaded, in another tab or by a colleague. Nothing was saved: load the page again, and change what it says then.',
      })
    }
    await recordControlChange(tx.control, { orgIds: [orgId] })
    return routingOf(tx.accounts, orgId)
  })
}

/** `null` is how clients take a field back; it needs no place in the store. */
function withoutNulls(routing: RoutingJson): RoutingJson {
  return Object.fromEntries(
    Object.entries(routing)
      .filter(([, value]) => value !== null)
      .map(([key, value]) => [key, isPlainObject(value) ? withoutNulls(value) : value]),
  )
}

const isPlainObject = (value: JsonValue): value is RoutingJson =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The ids as placement compares them. An id that excludes nobody is a slip, and would be found out too late. */
async function knownIds(providers: ProvidersStore, ids: readonly string[]): Promise<string[]> {
  return Promise.all(
    ids.map(async (id, index) => {
      if (id.startsWith('node_')) {
        const node = await providers.nodeById(id)
        if (node) return node.nodeId
      } else {
        const wanted = id.toLowerCase()
        if ((await providers.node(wanted)) || (await providers.byId(wanted))) return wanted
      }
      throw new AppError('invalid_input', {
        field: `routing.exclude.${index}`,
        publicMessage: `routing.exclude.${index} names no node and no provider: ${JSON.stringify(id.slice(0, 80))}.`,
      })
    }),
  )
}
