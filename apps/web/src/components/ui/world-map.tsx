/**
 * Places on a map of the world, a dot each, sized by how many there are. Drawn on the server from the bundled atlas. A
 * dot is a link with a name; the list beside the map (see two-views.tsx) holds the same and what the map cannot place.
 */
import { cn } from '~/lib/cn.ts'
import type { Place } from '~/lib/market/places.ts'
import { pointOf, worldHeight, worldPath, worldWidth } from '~/lib/page/world.ts'

export interface MapPlace extends Place {
  key: string
  /** Read out, and shown on hover: `eu-west, NL: 12 offers, 9 live`. */
  label: string
  count: number
  tone: 'good' | 'neutral' | 'warn'
  /** Where a click leads. */
  href?: string
}

const fills: Record<MapPlace['tone'], string> = {
  good: 'fill-accent stroke-surface',
  neutral: 'fill-line-strong stroke-surface',
  warn: 'fill-warn stroke-surface',
}

export function WorldMap({ label, places }: { label: string; places: readonly MapPlace[] }) {
  const most = Math.max(1, ...places.map((place) => place.count))
  // Large ones first, so that a small one beside it stays on top.
  const drawn = places.toSorted((a, b) => b.count - a.count)
  return (
    <div className="overflow-hidden rounded-md border border-line bg-surface">
      <svg viewBox={`0 0 ${worldWidth} ${worldHeight}`} role="group" aria-label={label} className="block w-full">
        <path d={worldPath()} aria-hidden className="fill-line stroke-surface" strokeWidth={0.5} />
        {drawn.map((place) => {
          const { x, y } = pointOf(place)
          const radius = 5 + 11 * Math.sqrt(place.count / most)
          const dot = (
            <>
              <title>{place.label}</title>
              <circle cx={x} cy={y} r={Math.max(12, radius)} fill="transparent" />
              <circle
                cx={x}
                cy={y}
                r={radius}
                strokeWidth={1.5}
                fillOpacity={0.88}
                className={cn(fills[place.tone], 'transition-opacity group-hover:opacity-70')}
              />
              {place.count > 1 && radius >= 8 && (
                <text
                  x={x}
                  y={y}
                  dy="0.35em"
                  textAnchor="middle"
                  aria-hidden
                  className={cn('text-2xs font-semibold', place.tone === 'good' ? 'fill-accent-ink' : 'fill-surface')}
                >
                  {place.count > 999 ? `${Math.round(place.count / 1_000)}k` : place.count}
                </text>
              )}
            </>
          )
          return place.href ? (
            <a key={place.key} href={place.href} aria-label={place.label} className="group">
              {dot}
            </a>
          ) : (
            <g key={place.key} role="img" aria-label={place.label} className="group">
              {dot}
            </g>
          )
        })}
      </svg>
    </div>
  )
}
