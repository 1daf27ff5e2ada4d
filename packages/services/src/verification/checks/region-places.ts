/**
 * Where the regions are that a listing may name: centre in degrees, radius in km within which a site counts as inside. Centres are
 * those of the usual data-centre cities; a country's code stands for its largest. Rounded to tenths: the radius is far larger.
 */
import type { GeoPlace } from '@isochrone/protocol'

export interface RegionPlace {
  centre: GeoPlace
  radiusKm: number
}

const at = (latitude: number, longitude: number, radiusKm: number): RegionPlace => ({
  centre: { latitude, longitude },
  radiusKm,
})

const regions: Readonly<Record<string, RegionPlace>> = {
  'eu-west': at(52.4, 4.9, 1_000),
  'eu-north': at(59.3, 18.1, 900),
  'eu-south': at(45.5, 9.2, 900),
  'eu-east': at(52.2, 21.0, 900),
  'eu-de': at(50.1, 8.7, 500),
  'eu-nl': at(52.4, 4.9, 250),
  'eu-fr': at(48.9, 2.4, 600),
  'eu-uk': at(51.5, -0.1, 700),
  uk: at(51.5, -0.1, 700),
  'us-east': at(39.0, -77.5, 1_200),
  'us-cent': at(41.3, -95.9, 1_200),
  'us-west': at(45.6, -121.2, 1_200),
  'ca-east': at(45.5, -73.6, 900),
  'sa-east': at(-23.5, -46.6, 900),
  'ap-south': at(19.1, 72.9, 1_200),
  'ap-se': at(1.4, 103.8, 800),
  'ap-ne': at(35.7, 139.7, 900),
  'ap-au': at(-33.9, 151.2, 1_200),
  me: at(24.5, 54.4, 900),
  'af-south': at(-33.9, 18.4, 1_200),
}

const countries: Readonly<Record<string, RegionPlace>> = {
  NL: at(52.4, 4.9, 250),
  DE: at(50.1, 8.7, 600),
  SE: at(59.3, 18.1, 1_100),
  FI: at(60.2, 24.9, 900),
  NO: at(59.9, 10.8, 1_300),
  FR: at(48.9, 2.4, 800),
  GB: at(51.5, -0.1, 900),
  IE: at(53.3, -6.3, 300),
  ES: at(40.4, -3.7, 800),
  IT: at(45.5, 9.2, 900),
  PL: at(52.2, 21.0, 500),
  CH: at(47.4, 8.5, 250),
  JP: at(35.7, 139.7, 1_300),
  SG: at(1.4, 103.8, 100),
  IN: at(19.1, 72.9, 2_000),
}

/** By the region's name, else by its country; null where neither is known. A country as large as a continent says nothing. */
export function regionPlace(region: string, country: string): RegionPlace | null {
  return regions[region] ?? countries[country] ?? null
}

/** Names whose place is known: a claim of any other cannot be checked by the speed of light. */
export const knownPlaces: { regions: readonly string[]; countries: readonly string[] } = {
  regions: Object.keys(regions),
  countries: Object.keys(countries),
}

const EARTH_RADIUS_KM = 6371

/** Great-circle distance, km (haversine). */
export function distanceKm(a: GeoPlace, b: GeoPlace): number {
  const rad = (degrees: number) => (degrees * Math.PI) / 180
  const half = (from: number, to: number) => Math.sin(rad(to - from) / 2) ** 2
  const h =
    half(a.latitude, b.latitude) +
    Math.cos(rad(a.latitude)) * Math.cos(rad(b.latitude)) * half(a.longitude, b.longitude)
  return 2 * EARTH_RADIUS_KM * Math.asin(Math.min(1, Math.sqrt(h)))
}
