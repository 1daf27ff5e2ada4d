/** All that a listing's terms will say and bind by their hash, in words: once it is live none of it is edited. */
import { formatUsd } from '@isochrone/domain'
import type { ListingDetail, ListingDraft, ProviderView } from '@isochrone/services'
import { formatCount, shortHash } from '../words/format.ts'
import { amountText } from './listing-amounts.ts'
import { engineWords } from './listing-models.ts'
import { dataPolicyWords, tierWords } from '../words/node-words.ts'
import { promisesNothing } from './promise-form.ts'

export type TermsRow = readonly [label: string, text: string]

/** Whose terms they are. */
export type TermsProvider = Pick<ProviderView, 'providerId' | 'name'>

/** What is not said yet is named too. */
export function termsRows(
  { draft, node }: Pick<ListingDetail, 'draft' | 'node'>,
  { name, providerId }: TermsProvider,
): TermsRow[] {
  return [
    ['Provider', `${name} (${shortHash(providerId)})`],
    ...machineRows(draft.machine),
    ...modelRows(draft.models),
    ...priceRows(draft.prices, node?.rentable ?? 1),
    ...promiseRows(draft.promises),
  ]
}

function machineRows(machine: ListingDraft['machine']): TermsRow[] {
  if (!machine) return [['Machine', 'not described yet']]
  const { nodeName, region, country, tier, dataPolicy, sharedHost } = machine
  return [
    ['Machine', `${nodeName} in ${region}, ${country}`],
    ['Tier', `${tierWords[tier].label}. ${tierWords[tier].help}`],
    ['Data policy', `${dataPolicyWords[dataPolicy].label}. ${dataPolicyWords[dataPolicy].help}`],
    ['Shared host', sharedHost ? 'declared: other nodes run on it' : 'no other nodes on its host'],
    ['Simulated', 'no: real hardware, real tokens'],
  ]
}

function modelRows(models: ListingDraft['models']): TermsRow[] {
  if (!models) return [['Models', 'not chosen yet']]
  const builds = models.models.map(({ model, modelHash }) => `${model} (weights ${shortHash(modelHash)})`)
  return [
    ['Models', builds.join(', ')],
    ['Engine', engineWords[models.engine]],
  ]
}

function priceRows(prices: ListingDraft['prices'], rentable: number): TermsRow[] {
  if (!prices) return [['Prices', 'not set yet']]
  const perMtok = (microUsd: string) => `${formatUsd(BigInt(microUsd))} for 1,000,000 tokens`
  const hour = formatUsd(BigInt(prices.gpuHourMicroUsd))
  return [
    ['Input', perMtok(prices.inMicroUsdPerMtok)],
    ['Cached input', perMtok(prices.cachedMicroUsdPerMtok)],
    ['Output', perMtok(prices.outMicroUsdPerMtok)],
    ['Traffic', 'nothing is asked for it'],
    [
      'Rent',
      prices.gpuHourMicroUsd === '0'
        ? 'not for rent'
        : rentable === 1
          ? `one GPU, or the CPU, ${hour} an hour`
          : `${formatCount(rentable)} GPUs, ${hour} an hour each`,
    ],
  ]
}

/** Exact: a time is shown as it is stored. */
export function promiseRows(promises: ListingDraft['promises']): TermsRow[] {
  if (!promises) return [['Promises', 'none chosen: nothing is due when it is slow']]
  if (promisesNothing(promises)) return [['Promises', 'none: nothing is due when it is slow']]
  const { ttftBaseMs, ttftPerKtokMs, tpotUs, concurrencyMax, penaltyBps, sloRegion } = promises
  const more = ttftPerKtokMs > 0 ? `, and ${formatCount(ttftPerKtokMs)} ms more for each 1,000 tokens in` : ''
  return [
    [
      'First token',
      ttftBaseMs + ttftPerKtokMs > 0
        ? `95 % of attempts within ${formatCount(ttftBaseMs)} ms${more}`
        : 'no time is promised',
    ],
    ['Each further token', tpotUs > 0 ? `95 % of attempts within ${amountText(tpotUs, 3)} ms` : 'no time is promised'],
    ['Availability', penaltyBps > 0 ? '99 % of attempts do not end by the node’s fault' : 'not promised'],
    [
      'Attempts at once',
      concurrencyMax > 0
        ? `up to ${formatCount(concurrencyMax)}; with more, no promise holds`
        : 'however many there are',
    ],
    ['Measured at', sloRegion === '' ? 'any gateway' : `gateways at ${sloRegion}`],
    [
      'When broken',
      penaltyBps > 0 ? `${amountText(penaltyBps, 2)} % of what was spent comes back` : 'nothing comes back',
    ],
  ]
}
