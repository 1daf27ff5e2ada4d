/**
 * Through which gateways the web process may pass a prompt on: what the playground sends goes through the memory of that
 * process and of the gateway, so both stand inside the residency of the organisation that holds the key.
 *
 * Fails closed: a process or a gateway of which nobody said where it stands is inside no residency.
 */
import { AppError } from '@isochrone/domain'
import { parseRoutingPolicy } from '@isochrone/scheduler'
import { isInside } from '../accounts/require-store-inside.ts'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import { apiKeyHash } from './api-keys.ts'

export interface RelayInput {
  /** Of the person, for whom a key is lent. */
  orgId: string
  /** Of a key of their own, which may be another organisation's; null where one is lent. */
  secret: string | null
}

type Deps = Pick<ControlPlaneDeps, 'gatewayUrls' | 'webPlace'> & {
  store: {
    accounts: Pick<ControlPlaneDeps['store']['accounts'], 'settings'>
    apiKeys: Pick<ControlPlaneDeps['store']['apiKeys'], 'orgOfHash'>
    control: Pick<ControlPlaneDeps['store']['control'], 'gateways'>
  }
}

/** Their URLs, at least one. Throws `forbidden` where there is none, `invalid_input` where the policy cannot be read. */
export async function relayGateways(
  { store, gatewayUrls, webPlace = { country: '', region: '' } }: Deps,
  { orgId, secret }: RelayInput,
): Promise<readonly string[]> {
  const keyOrgId = secret === null ? orgId : ((await store.apiKeys.orgOfHash(apiKeyHash(secret))) ?? orgId)
  const { policy } = parseRoutingPolicy(
    (await store.accounts.settings(keyOrgId))?.routing ?? {},
    'organisation.routing',
  )
  const residency = policy.regions ?? null
  if (residency === null) return gatewayUrls
  if (!isInside(residency, webPlace)) {
    const where = webPlace.country === '' ? 'in a country that nobody stated' : `in ${webPlace.country}`
    throw outside(`What is typed here passes a process ${where}, outside the organisation's residency.`)
  }
  const inside = new Set((await store.control.gateways()).filter((each) => isInside(residency, each)).map(urlOf))
  const urls = gatewayUrls.filter((url) => inside.has(urlOf({ url })))
  if (urls.length === 0)
    throw outside("No gateway that this page can reach stands inside the organisation's residency.")
  return urls
}

const urlOf = ({ url }: { url: string }): string => url.replace(/\/+$/, '')

const outside = (why: string): AppError =>
  new AppError('forbidden', {
    publicMessage: `${why} Send the request to a gateway inside it, with a key of your own.`,
  })
