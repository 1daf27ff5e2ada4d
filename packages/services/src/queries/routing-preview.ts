/** What a routing policy leaves of the market now, node by node, by the constraints of the engine that will place. */
import { AppError, usdFromMicroUsd } from '@isochrone/domain'
import { mergeRouting, parseRoutingPolicy, regionAllowed, dataPolicies, trustLevels } from '@isochrone/scheduler'
import type { RejectionReason, RoutingPolicy, RoutingWish } from '@isochrone/scheduler'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import type { ListedNodeRow } from '../ports/rows.ts'
import { pricesOfTerms } from '../providers/terms.ts'
import { isLive, isSimulated, modelsOf } from './live-nodes.ts'
import type { RoutingJson, RoutingPreview, RoutingPreviewNode } from './views/routing.ts'

/** Throws `invalid_input` that names the field. */
export async function routingPreview(
  deps: Pick<ControlPlaneDeps, 'store' | 'live' | 'clock'>,
  { routing }: { routing: RoutingJson },
): Promise<RoutingPreview> {
  const policy = mergeRouting({ organisation: parseRoutingPolicy(routing).policy })
  const [rows, live] = await Promise.all([deps.store.providers.nodes(), deps.live.nodes()])
  const nowMs = deps.clock.nowMs()
  const nodes = rows
    .filter((row) => row.status === 'active')
    .map((row): RoutingPreviewNode => {
      const liveness = live.get(row.nodeId)
      return {
        id: row.id,
        name: row.name,
        providerName: row.provider.name,
        simulated: isSimulated(row, modelsOf(row, liveness)),
        region: row.region,
        country: row.country,
        gpuClass: row.gpuClass,
        out: rejectionOf(row, policy) ?? (isLive(liveness, nowMs) ? null : 'offline'),
      }
    })
  return {
    total: nodes.length,
    eligible: nodes.filter(({ out }) => out === null).length,
    nodes: nodes.toSorted((a, b) => Number(a.out !== null) - Number(b.out !== null) || a.name.localeCompare(b.name)),
  }
}

/** Why the policy's fixed constraints exclude a node; what depends on load or on the request is not among them. */
function rejectionOf(row: ListedNodeRow, policy: RoutingPolicy): RejectionReason | null {
  const { exclude, regions, gpuClasses, maxPrice } = policy
  if (exclude.includes(row.nodeId) || exclude.includes(row.providerId)) return 'excluded'
  if (!regionAllowed(regions, row)) return 'outside_residency'
  if (dataPolicies.indexOf(row.dataPolicy) < dataPolicies.indexOf(policy.dataPolicy)) return 'data_policy'
  if (gpuClasses !== null && !gpuClasses.includes(row.gpuClass)) return 'gpu_class'
  if (trustLevels.indexOf(row.trust) < trustLevels.indexOf(policy.minTrust)) return 'trust'
  const prices = pricesOfTerms(row.terms.document)
  const dear =
    Number(prices.inMicroUsdPerMtok) > (maxPrice.inPerMtok ?? Infinity) ||
    Number(prices.outMicroUsdPerMtok) > (maxPrice.outPerMtok ?? Infinity)
  return dear ? 'over_price_cap' : null
}

const caps = [
  { field: 'input', cap: 'inPerMtok', price: 'inMicroUsdPerMtok' },
  { field: 'output', cap: 'outPerMtok', price: 'outMicroUsdPerMtok' },
] as const

/** A cap below every price on offer would refuse all requests: `invalid_input` that says what the lowest price is. */
export function refuseCapBelowMarket({ maxPrice }: RoutingWish, rows: readonly ListedNodeRow[]): void {
  const prices = rows.filter(({ status }) => status === 'active').map((row) => pricesOfTerms(row.terms.document))
  for (const { field, cap, price } of caps) {
    const limit = maxPrice?.[cap]
    const lowest = prices.map((row) => row[price]).reduce<bigint | null>((a, b) => (a === null || b < a ? b : a), null)
    if (limit === undefined || lowest === null || lowest <= BigInt(limit)) continue
    const usd = usdFromMicroUsd(lowest)
    throw new AppError('invalid_input', {
      field: `routing.max_price.${field}`,
      publicMessage: `routing.max_price.${field} is below every price on offer: the lowest is $${usd} per million tokens, so no request could be placed.`,
    })
  }
}
