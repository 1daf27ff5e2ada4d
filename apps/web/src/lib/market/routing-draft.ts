/**
 * A routing policy while it is being edited: every field as the form holds it, numbers as the text that was typed.
 *
 * What is not a number stays text on its way out, so that the service, which owns the rules, says what is wrong with it.
 */
import type { DataPolicy, JsonValue, RoutingJson, TrustLevel } from '@isochrone/services'
import { dataPolicyWords, trustWords } from '../words/node-words.ts'

export const preferences = ['price', 'balanced', 'latency', 'throughput', 'value'] as const
/** `value`: neither of the four, but an amount of one's own for a second. */
export type Preference = (typeof preferences)[number]

export interface RoutingDraft {
  preference: Preference
  valueOfSecondUsd: string
  maxInputUsd: string
  maxOutputUsd: string
  maxRequestUsd: string
  ttftSloMs: string
  tpotSloMs: string
  regions: string[]
  exclude: string[]
  minTrust: TrustLevel
  dataPolicy: DataPolicy
  gpuClasses: string[]
  allowFallbacks: boolean
}

const trustLevels = Object.keys(trustWords) as TrustLevel[]
const dataPolicies = Object.keys(dataPolicyWords) as DataPolicy[]

export const emptyDraft: RoutingDraft = {
  preference: 'balanced',
  valueOfSecondUsd: '',
  maxInputUsd: '',
  maxOutputUsd: '',
  maxRequestUsd: '',
  ttftSloMs: '',
  tpotSloMs: '',
  regions: [],
  exclude: [],
  minTrust: 'claimed',
  dataPolicy: 'any',
  gpuClasses: [],
  allowFallbacks: true,
}

/** A saved policy, for the form. What it does not say is the default. */
export function draftOf(routing: RoutingJson): RoutingDraft {
  const price = isObject(routing.max_price) ? routing.max_price : {}
  const ownValue = routing.value_of_second_usd !== undefined
  return {
    preference: ownValue ? 'value' : (preferences.find((sort) => sort === routing.sort) ?? emptyDraft.preference),
    valueOfSecondUsd: textOf(routing.value_of_second_usd),
    maxInputUsd: textOf(price.input),
    maxOutputUsd: textOf(price.output),
    maxRequestUsd: textOf(price.request),
    ttftSloMs: textOf(routing.ttft_slo_ms),
    tpotSloMs: textOf(routing.tpot_slo_ms),
    regions: wordsOf(routing.regions),
    exclude: wordsOf(routing.exclude),
    minTrust: trustLevels.find((level) => level === routing.min_trust) ?? emptyDraft.minTrust,
    dataPolicy: dataPolicies.find((policy) => policy === routing.data_policy) ?? emptyDraft.dataPolicy,
    gpuClasses: wordsOf(routing.gpu_classes),
    allowFallbacks: routing.allow_fallbacks !== false,
  }
}

/** The policy in the words of the API, without what is the default anyway; `{}` for a draft that changes nothing. */
export function routingOf(draft: RoutingDraft): RoutingJson {
  const maxPrice = compact({
    input: numberOf(draft.maxInputUsd),
    output: numberOf(draft.maxOutputUsd),
    request: numberOf(draft.maxRequestUsd),
  })
  const { preference, minTrust, dataPolicy } = draft
  return compact({
    sort: preference === 'value' || preference === emptyDraft.preference ? undefined : preference,
    // Chosen and left empty is an error, not the default.
    value_of_second_usd: preference === 'value' ? (numberOf(draft.valueOfSecondUsd) ?? '') : undefined,
    max_price: Object.keys(maxPrice).length > 0 ? maxPrice : undefined,
    ttft_slo_ms: numberOf(draft.ttftSloMs),
    tpot_slo_ms: numberOf(draft.tpotSloMs),
    regions: listOf(draft.regions),
    exclude: listOf(draft.exclude),
    min_trust: minTrust === emptyDraft.minTrust ? undefined : minTrust,
    data_policy: dataPolicy === emptyDraft.dataPolicy ? undefined : dataPolicy,
    gpu_classes: listOf(draft.gpuClasses),
    allow_fallbacks: draft.allowFallbacks ? undefined : false,
  })
}

/** Whether two drafts say the same. */
export function sameRouting(a: RoutingDraft, b: RoutingDraft): boolean {
  return JSON.stringify(routingOf(a)) === JSON.stringify(routingOf(b))
}

/** The service's field, `routing.regions.0`, as the form names it: `regions`. */
export function formField(field: string | null): string | null {
  if (!field) return null
  const path = field.split('.').filter((part) => part !== 'routing' && !/^\d+$/.test(part))
  return path.join('.') || null
}

function compact(fields: Record<string, JsonValue | undefined>): RoutingJson {
  const said = Object.entries(fields).filter((entry): entry is [string, JsonValue] => entry[1] !== undefined)
  return Object.fromEntries(said)
}

const isObject = (value: JsonValue | undefined): value is RoutingJson =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const listOf = (words: string[]): string[] | undefined => (words.length > 0 ? words.toSorted() : undefined)

function numberOf(text: string): number | string | undefined {
  const trimmed = text.trim()
  if (trimmed === '') return undefined
  return /^\d+(\.\d+)?$/.test(trimmed) ? Number(trimmed) : trimmed
}

/** Plain decimals: a field must not show `1e-7`. */
function textOf(value: unknown): string {
  if (typeof value === 'number') return value.toLocaleString('en-US', { useGrouping: false, maximumFractionDigits: 12 })
  return typeof value === 'string' ? value : ''
}

function wordsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((word): word is string => typeof word === 'string') : []
}
