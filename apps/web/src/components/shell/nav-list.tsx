'use client'
/** The links of the side bar; the one that is open says so to everybody (`aria-current`). */
import { Link } from '~/components/ui/link.tsx'
import { usePathname } from 'next/navigation'
import {
  Activity,
  ChartLine,
  ArrowLeftRight,
  Cpu,
  CirclePlus,
  Gauge,
  Gavel,
  HandCoins,
  KeyRound,
  Landmark,
  Layers,
  Files,
  ListOrdered,
  ScrollText,
  Server,
  ShieldCheck,
  SquareTerminal,
  Store,
  Swords,
  Waypoints,
  Webhook,
  type LucideIcon,
} from 'lucide-react'
import type { NavGroup, NavIcon } from './nav-items.ts'

const icons: Record<NavIcon, LucideIcon> = {
  marketplace: Store,
  overview: Gauge,
  playground: SquareTerminal,
  requests: ArrowLeftRight,
  usage: ChartLine,
  jobs: ListOrdered,
  batches: Files,
  keys: KeyRound,
  leases: Cpu,
  balance: Landmark,
  nodes: Server,
  won: Swords,
  join: CirclePlus,
  claims: HandCoins,
  epochs: Layers,
  routing: Waypoints,
  webhooks: Webhook,
  admin: Activity,
  disputes: Gavel,
  audit: ScrollText,
  verification: ShieldCheck,
}

const looks = {
  active: 'bg-accent-soft font-medium text-accent',
  other: 'text-ink-2 hover:bg-hover hover:text-ink',
}

export function NavList({ groups, onNavigate }: { groups: NavGroup[]; onNavigate?: () => void }) {
  const path = usePathname()
  const hrefs = groups.flatMap((group) => group.items.map((item) => item.href))
  const current = currentHref(path, hrefs)
  return (
    <div className="flex flex-col gap-4">
      {groups.map((group) => (
        <div key={group.title}>
          <p className="mb-1 px-2 text-2xs font-medium tracking-wide text-ink-3 uppercase">{group.title}</p>
          <ul className="flex flex-col gap-px">
            {group.items.map((item) => {
              const Icon = icons[item.icon]
              const active = item.href === current
              return (
                <li key={item.href}>
                  <Link
                    href={item.href}
                    aria-current={active ? 'page' : undefined}
                    onClick={onNavigate}
                    className={`flex h-8 items-center gap-2 rounded-md px-2 ${active ? looks.active : looks.other}`}
                  >
                    <Icon aria-hidden className="size-4 shrink-0" strokeWidth={1.75} />
                    {item.label}
                  </Link>
                </li>
              )
            })}
          </ul>
        </div>
      ))}
    </div>
  )
}

/** The longest link that the path lies under; offers and providers belong to the marketplace. */
function currentHref(path: string, hrefs: string[]): string | undefined {
  if (path === '/' || path.startsWith('/offers/') || path.startsWith('/providers/')) return '/'
  return hrefs
    .filter((href) => href !== '/' && (path === href || path.startsWith(`${href}/`)))
    .toSorted((a, b) => b.length - a.length)[0]
}
