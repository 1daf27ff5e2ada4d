/**
 * Which gateway a queued job goes to: one inside its organisation's residency, because its prompt and its answer pass it.
 *
 * Fails closed: a gateway that never said where it stands is inside no residency.
 */
import { parseRoutingPolicy } from '@isochrone/scheduler'
import { isInside } from '../accounts/require-store-inside.ts'
import type { FleetSource, GatewayDispatch, QueuedJobRow } from '../ports/job-store.ts'

/** Null where none may have it now. Throws `invalid_input` where the organisation's policy cannot be read. */
export async function gatewayOf(
  { fleet, gateway }: { fleet: FleetSource; gateway: GatewayDispatch },
  job: Pick<QueuedJobRow, 'orgId' | 'requestId' | 'gatewayUrl'>,
): Promise<string | null> {
  // That one alone knows whether it answered before; one that may not serve it any more says so.
  if (job.gatewayUrl !== null) return job.gatewayUrl
  const [routing, gateways] = await Promise.all([fleet.routing(job.orgId), fleet.gateways()])
  const residency = parseRoutingPolicy(routing, 'organisation.routing').policy.regions ?? null
  if (residency === null) return gateway.gatewayFor(job.requestId)
  const inside = new Set(gateways.filter((each) => isInside(residency, each)).map(({ url }) => plain(url)))
  return gateway.gatewayFor(job.requestId, (url) => inside.has(plain(url)))
}

const plain = (url: string): string => url.replace(/\/+$/, '')
