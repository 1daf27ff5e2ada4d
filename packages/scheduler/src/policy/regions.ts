/**
 * Where a request may run: countries (`DE`), a provider's region (`eu-de`), or that region inside a country (`DE/eu-de`).
 *
 * A provider names its regions itself, so a region says nothing of the country: only the country does, and where an
 * organisation allows `EU` and a request asks for `eu-de`, both must hold. What has no known country is outside.
 */
import { countries, countryAliases, countryGroups } from './countries.ts'

const providerRegion = /^[a-z][a-z0-9]*(?:[-_.][a-z0-9]+)*$/
/** A provider's region in a country. */
const BOTH = '/'

/** Countries and regions for what a person wrote (`EU`, `de`, `eu-de`), or a sentence that says what is wrong with it. */
export function expandRegion(text: string): { regions: readonly string[] } | { problem: string } {
  const word = text.trim()
  const upper = word.toUpperCase()
  const group = countryGroups[upper]
  if (group) return { regions: group }
  const [country = '', region, ...more] = word.split(BOTH)
  if (region !== undefined) {
    const inside = expandRegion(country)
    if (more.length === 0 && 'regions' in inside && providerRegion.test(region) && region.length > 2) {
      return { regions: inside.regions.map((code) => `${code}${BOTH}${region}`) }
    }
    return { problem: `${quoted(word)} is not a region inside a country, such as DE/eu-de` }
  }
  if (countries.has(upper)) return { regions: [upper] }
  const alias = countryAliases[upper]
  if (alias) return { problem: `${quoted(word)} is no ISO 3166 country code; write ${alias}` }
  if (word.length > 2 && word.length <= 64 && providerRegion.test(word)) return { regions: [word] }
  return {
    problem: `${quoted(word)} is not a region: give an ISO 3166 country code such as DE, EU or EEA, or a provider's region such as eu-de`,
  }
}

/** What both allow. Empty when they exclude each other: then nothing may serve. `null` = anywhere. */
export function intersectRegions(a: readonly string[] | null, b: readonly string[] | null): readonly string[] | null {
  if (a === null || b === null) return a ?? b
  const both = new Set<string>()
  for (const one of a) for (const other of b) for (const region of intersectionOf(one, other)) both.add(region)
  // `DE/eu-de` adds nothing where `DE` or `eu-de` is allowed as a whole.
  return [...both].filter((region) => !region.includes(BOTH) || !region.split(BOTH).some((part) => both.has(part)))
}

function intersectionOf(a: string, b: string): string[] {
  if (a === b) return [a]
  const first = partsOf(a)
  const second = partsOf(b)
  const country = agreed(first.country, second.country)
  const region = agreed(first.region, second.region)
  if (country === undefined || region === undefined) return []
  return [country && region ? `${country}${BOTH}${region}` : country || region]
}

/** Empty = not said. Undefined = they differ. */
function agreed(a: string, b: string): string | undefined {
  return a === b || b === '' ? a : a === '' ? b : undefined
}

function partsOf(entry: string): { country: string; region: string } {
  const [first = '', second] = entry.split(BOTH)
  if (second !== undefined) return { country: first, region: second }
  return countries.has(first) ? { country: first, region: '' } : { country: '', region: first }
}

interface Place {
  country: string
  region: string
}

/** Whether a replica there may serve. The reference for the engine's masks. */
export function regionAllowed(regions: readonly string[] | null, place: Place): boolean {
  return regionCheck(regions)(place)
}

/** The same question prepared for many places. */
export function regionCheck(regions: readonly string[] | null): (place: Place) => boolean {
  if (regions === null) return () => true
  const entries = regions.map(partsOf)
  return (place) =>
    place.country !== '' &&
    entries.some(
      (wanted) =>
        (wanted.country === '' || wanted.country === place.country) &&
        (wanted.region === '' || wanted.region === place.region),
    )
}

const quoted = (word: string): string => JSON.stringify(word.slice(0, 40))
