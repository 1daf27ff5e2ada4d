/**
 * The policy that a recorded request would have had under another default of its organisation.
 *
 * A record holds the merged policy and not which side asked for what. What equals the default as it is now came from
 * there and follows the change; what differs was the request's own (or that of a default of earlier times): preferences of
 * its own stay, constraints of its own tighten the new default as they tightened the old one.
 */
import {
  dataPolicies,
  intersectRegions,
  mergeRouting,
  trustLevels,
  type RoutingPolicy,
  type RoutingWish,
} from '@isochrone/scheduler'

/** Null where the request asked for regions or GPU classes that the changed default does not allow at all: it is refused. */
export function changedPolicy(recorded: RoutingPolicy, now: RoutingWish, changed: RoutingWish): RoutingPolicy | null {
  const was = mergeRouting({ organisation: now })
  const will = mergeRouting({ organisation: changed })
  const kept = <K extends 'ttftSloMs' | 'tpotSloMs' | 'allowFallbacks' | 'allowContinuation'>(key: K) =>
    recorded[key] === was[key] ? will[key] : recorded[key]
  const ownWorth =
    recorded.valueOfSecondMicroUsd !== was.valueOfSecondMicroUsd ||
    recorded.valueOfGenerationSecondMicroUsd !== was.valueOfGenerationSecondMicroUsd
  const worth = ownWorth ? recorded : will
  const regions = same(recorded.regions, was.regions) ? will.regions : intersectRegions(will.regions, recorded.regions)
  const gpuClasses = same(recorded.gpuClasses, was.gpuClasses)
    ? will.gpuClasses
    : bothOf(will.gpuClasses, recorded.gpuClasses)
  if (regions?.length === 0 || gpuClasses?.length === 0) return null
  const cap = (key: keyof RoutingPolicy['maxPrice']) =>
    recorded.maxPrice[key] === was.maxPrice[key]
      ? will.maxPrice[key]
      : lower(will.maxPrice[key], recorded.maxPrice[key])
  const before = new Set(was.exclude)
  return {
    ...recorded,
    valueOfSecondMicroUsd: worth.valueOfSecondMicroUsd,
    valueOfGenerationSecondMicroUsd: worth.valueOfGenerationSecondMicroUsd,
    maxPrice: {
      inPerMtok: cap('inPerMtok'),
      outPerMtok: cap('outPerMtok'),
      requestMicroUsd: cap('requestMicroUsd'),
    },
    ttftSloMs: kept('ttftSloMs'),
    tpotSloMs: kept('tpotSloMs'),
    regions,
    gpuClasses,
    exclude: [...new Set([...will.exclude, ...recorded.exclude.filter((id) => !before.has(id))])],
    minTrust:
      recorded.minTrust === was.minTrust ? will.minTrust : stricter(trustLevels, will.minTrust, recorded.minTrust),
    dataPolicy:
      recorded.dataPolicy === was.dataPolicy
        ? will.dataPolicy
        : stricter(dataPolicies, will.dataPolicy, recorded.dataPolicy),
    allowFallbacks: kept('allowFallbacks'),
    allowContinuation: kept('allowContinuation'),
  }
}

function same(a: readonly string[] | null, b: readonly string[] | null): boolean {
  return JSON.stringify(a?.toSorted() ?? null) === JSON.stringify(b?.toSorted() ?? null)
}

const bothOf = (a: readonly string[] | null, b: readonly string[] | null): readonly string[] | null =>
  a === null || b === null ? (a ?? b) : a.filter((name) => b.includes(name))

const lower = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? (a ?? b) : Math.min(a, b)

/** The later level of the two includes the other. */
const stricter = <T extends string>(levels: readonly T[], a: T, b: T): T =>
  levels.indexOf(b) > levels.indexOf(a) ? b : a
