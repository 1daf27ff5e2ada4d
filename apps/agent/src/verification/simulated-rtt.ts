/** The round trip that a fibre between two places would have: the great circle at two thirds of light's speed, and 1 ms of machines. */
import type { GeoPlace } from '@isochrone/protocol'

const EARTH_RADIUS_KM = 6371
const FIBRE_KM_PER_MS = 199.861
const MACHINES_MS = 1

export function simulatedRttMs(a: GeoPlace, b: GeoPlace): number {
  const rad = (degrees: number) => (degrees * Math.PI) / 180
  const half = (from: number, to: number) => Math.sin(rad(to - from) / 2) ** 2
  const h =
    half(a.latitude, b.latitude) +
    Math.cos(rad(a.latitude)) * Math.cos(rad(b.latitude)) * half(a.longitude, b.longitude)
  const distanceKm = 2 * EARTH_RADIUS_KM * Math.asin(Math.min(1, Math.sqrt(h)))
  return (2 * distanceKm) / FIBRE_KM_PER_MS + MACHINES_MS
}
