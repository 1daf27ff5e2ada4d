/** Which changes of a request its organisation's own policy forbids, and how a person is told. */
import { dataPolicies, trustLevels } from '../offer.ts'
import { regionAllowed } from '../policy/regions.ts'
import type { RoutingWish } from '../policy/routing-wish.ts'
import type { Change } from './obstacles.ts'
import { listed, usd } from './reason-words.ts'

/** Null where the organisation allows the change; else what it allows, as a sentence. */
export function organisationLimit(change: Change, organisation: RoutingWish): string | null {
  const allowed = allowedBy(change, organisation)
  return allowed === null ? null : `Your organisation's policy ${allowed}; an owner can change it.`
}

function allowedBy(change: Change, { regions, gpuClasses, exclude, minTrust, dataPolicy, maxPrice = {} }: RoutingWish) {
  switch (change.field) {
    case 'regions':
      return regions && !regionAllowed(regions, { country: change.country, region: '' })
        ? `allows only ${listed(regions)}`
        : null
    case 'gpu_classes':
      return gpuClasses && !gpuClasses.includes(change.gpuClass) ? `allows only ${listed(gpuClasses)}` : null
    case 'exclude':
      return change.ids.some((id) => exclude?.includes(id)) ? `excludes ${listed(change.ids)}` : null
    case 'min_trust':
      return minTrust && trustLevels.indexOf(change.level) < trustLevels.indexOf(minTrust)
        ? `asks for min_trust ${minTrust}`
        : null
    case 'data_policy':
      return dataPolicy && dataPolicies.indexOf(change.level) < dataPolicies.indexOf(dataPolicy)
        ? `asks for data_policy ${dataPolicy}`
        : null
    case 'max_price.input':
      return capped(change.field, change.microUsd, maxPrice.inPerMtok)
    case 'max_price.output':
      return capped(change.field, change.microUsd, maxPrice.outPerMtok)
    case 'max_price.request':
      return capped(change.field, change.microUsd, maxPrice.requestMicroUsd)
    default:
      return null
  }
}

const capped = (field: string, microUsd: number, cap: number | undefined): string | null =>
  cap !== undefined && microUsd > cap ? `caps ${field} at ${usd(cap)}` : null
