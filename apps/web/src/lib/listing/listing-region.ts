/** What can be checked of the region that a machine is said to stand in. A name of nobody's list is allowed, and said to be. */

/** Names whose place is known. */
export interface KnownPlaces {
  regions: readonly string[]
  /** ISO 3166-1 alpha-2: an unknown region is checked as its country. */
  countries: readonly string[]
}

export interface RegionHint {
  text: string
  /** Neither is known, though both are typed: no measurement can confirm or disprove the claim. */
  isUncheckable: boolean
}

export function regionHint(region: string, country: string, { regions, countries }: KnownPlaces): RegionHint {
  const [name, code] = [region.trim().toLowerCase(), country.trim().toUpperCase()]
  const usual = 'Such as eu-de, us-east or ap-ne. Witnesses check it by the speed of light.'
  if (name === '' || regions.includes(name)) return { text: usual, isUncheckable: false }
  if (countries.includes(code)) {
    return { text: `Its place is not known by this name: witnesses check it as ${code}.`, isUncheckable: false }
  }
  if (name.length < 2 || code.length < 2) return { text: usual, isUncheckable: false }
  return { text: 'Its place is not known by this name.', isUncheckable: true }
}
