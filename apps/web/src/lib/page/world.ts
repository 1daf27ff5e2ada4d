/**
 * The outline of the world's land as one SVG path, and the projection that puts a place onto it.
 *
 * From the bundled atlas (world-atlas 1:110m, Natural Earth, public domain): nothing is fetched. Equal Earth, because a
 * map of capacity should not show Greenland larger than Africa. Server only: a browser gets the path, not the atlas.
 */
import { geoEqualEarth, geoPath } from 'd3-geo'
import { feature } from 'topojson-client'
import type { GeometryCollection, Topology } from 'topojson-specification'
import atlas from 'world-atlas/land-110m.json' with { type: 'json' }
import type { Place } from '../market/places.ts'

export const worldWidth = 960
export const worldHeight = 440

const projection = geoEqualEarth()
  .scale(178)
  .translate([worldWidth / 2 - 18, worldHeight / 2 + 34])

let path: string | undefined

/** `d` of the land's path, in a box of `worldWidth` × `worldHeight`; worked out once. */
export function worldPath(): string {
  const topology = atlas as unknown as Topology<{ land: GeometryCollection }>
  path ??= geoPath(projection).digits(0)(feature(topology, topology.objects.land)) ?? ''
  return path
}

/** Where a place lies in that box. */
export function pointOf({ longitude, latitude }: Place): { x: number; y: number } {
  const [x, y] = projection([longitude, latitude]) ?? [0, 0]
  return { x: Math.round(x * 10) / 10, y: Math.round(y * 10) / 10 }
}
