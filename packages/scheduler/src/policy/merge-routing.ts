/**
 * One `RoutingPolicy` from what the organisation set, what the request says and the suffix of the model's name.
 *
 * Preferences: the request wins, then the suffix, then the organisation, then the defaults. Constraints only tighten: a
 * request can never leave the organisation's residency, trust, data policy, caps or exclusions.
 */
import { AppError } from '@isochrone/domain'
import { dataPolicies, trustLevels } from '../offer.ts'
import type { RoutingPolicy } from '../placement.ts'
import { intersectRegions } from './regions.ts'
import { routingDefaults, secondsBySort, targetsBySort } from './routing-defaults.ts'
import type { RoutingSort, RoutingWish } from './routing-wish.ts'

export interface RoutingSources {
  organisation?: RoutingWish | null | undefined
  request?: RoutingWish | null | undefined
  suffix?: RoutingSort | null | undefined
}

/** Throws `invalid_input` where the sources contradict each other, naming both. */
export function mergeRouting({ organisation, request, suffix }: RoutingSources): RoutingPolicy {
  const ours = organisation ?? {}
  const asked = request ?? {}
  const seconds = secondsOf(ours, asked, suffix ?? null)
  const targets = targetsBySort[seconds.sort]
  const ttftSloMs = asked.ttftSloMs ?? ours.ttftSloMs
  const tpotSloMs = asked.tpotSloMs ?? ours.tpotSloMs
  const continues = asked.allowContinuation ?? ours.allowContinuation
  // Only who asks for a target wants no answer rather than a late one.
  const isTargeted = asked.ttftSloMs !== undefined || asked.tpotSloMs !== undefined
  return {
    valueOfSecondMicroUsd: seconds.first,
    valueOfGenerationSecondMicroUsd: seconds.generation,
    maxPrice: {
      inPerMtok: lower(ours.maxPrice?.inPerMtok, asked.maxPrice?.inPerMtok),
      outPerMtok: lower(ours.maxPrice?.outPerMtok, asked.maxPrice?.outPerMtok),
      requestMicroUsd: lower(ours.maxPrice?.requestMicroUsd, asked.maxPrice?.requestMicroUsd),
    },
    ttftSloMs: ttftSloMs ?? targets.ttftSloMs,
    tpotSloMs: tpotSloMs ?? targets.tpotSloMs,
    admission: isTargeted ? 'slack' : routingDefaults.admission,
    regions: regionsOf(ours, asked),
    exclude: [...new Set([...(ours.exclude ?? []), ...(asked.exclude ?? [])])],
    minTrust: stricter(trustLevels, ours.minTrust ?? routingDefaults.minTrust, asked.minTrust),
    dataPolicy: stricter(dataPolicies, ours.dataPolicy ?? routingDefaults.dataPolicy, asked.dataPolicy),
    gpuClasses: gpuClassesOf(ours, asked),
    allowFallbacks: asked.allowFallbacks ?? ours.allowFallbacks ?? routingDefaults.allowFallbacks,
    ...(continues !== undefined && { allowContinuation: continues }),
  }
}

function secondsOf(
  ours: RoutingWish,
  asked: RoutingWish,
  suffix: RoutingSort | null,
): { sort: RoutingSort; first: number; generation: number } {
  if (suffix !== null && asked.sort !== undefined && asked.sort !== suffix) {
    throw contradiction(
      'routing.sort',
      `The model's suffix :${suffix} contradicts routing.sort ${JSON.stringify(asked.sort)}; send one of the two.`,
    )
  }
  if (suffix !== null && asked.valueOfSecondMicroUsd !== undefined) {
    throw contradiction(
      'routing.value_of_second_usd',
      `The model's suffix :${suffix} contradicts routing.value_of_second_usd; send one of the two.`,
    )
  }
  const sort = asked.sort ?? suffix
  if (sort !== null) return { sort, ...secondsBySort[sort] }
  const value = asked.valueOfSecondMicroUsd
  if (value !== undefined) return { sort: 'balanced', first: value, generation: value }
  if (ours.sort !== undefined) return { sort: ours.sort, ...secondsBySort[ours.sort] }
  const ourValue = ours.valueOfSecondMicroUsd
  const own = ourValue === undefined ? secondsBySort[routingDefaults.sort] : { first: ourValue, generation: ourValue }
  return { sort: routingDefaults.sort, ...own }
}

function regionsOf(ours: RoutingWish, asked: RoutingWish): readonly string[] | null {
  const both = intersectRegions(ours.regions ?? null, asked.regions ?? null)
  if (both !== null && both.length === 0) {
    throw contradiction(
      'routing.regions',
      `routing.regions ${listed(asked.regions)} lies outside what your organisation allows (${listed(ours.regions)}); ask for a region inside it, or have the organisation's policy changed.`,
    )
  }
  return both
}

function gpuClassesOf(ours: RoutingWish, asked: RoutingWish): readonly string[] | null {
  if (!ours.gpuClasses || !asked.gpuClasses) return ours.gpuClasses ?? asked.gpuClasses ?? null
  const both = asked.gpuClasses.filter((name) => ours.gpuClasses?.includes(name))
  if (both.length > 0) return both
  throw contradiction(
    'routing.gpu_classes',
    `routing.gpu_classes ${listed(asked.gpuClasses)} has none that your organisation allows (${listed(ours.gpuClasses)}).`,
  )
}

/** The later level of the two includes the other. */
function stricter<T extends string>(levels: readonly T[], a: T, b: T | undefined): T {
  return b !== undefined && levels.indexOf(b) > levels.indexOf(a) ? b : a
}

const lower = (a: number | undefined, b: number | undefined): number | null =>
  a === undefined || b === undefined ? (a ?? b ?? null) : Math.min(a, b)

const listed = (words: readonly string[] = []): string =>
  words.length > 6 ? `${words.slice(0, 5).join(', ')} and ${words.length - 5} more` : words.join(', ')

const contradiction = (field: string, publicMessage: string): AppError =>
  new AppError('invalid_input', { field, publicMessage })
