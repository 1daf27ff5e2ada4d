/** What the command palette offers for what was typed. Pure, so that a test can hold it. */
import type { NavGroup } from './nav-items.ts'
import type { Theme } from '~/lib/page/theme.ts'

export type Command =
  | { label: string; href: string; theme?: undefined }
  | { label: string; theme: Theme; href?: undefined }

const RESULTS_MAX = 12

/** Commands whose label or keywords hold every typed word; an id leads to its page. At most 12. */
export function findCommands(query: string, groups: NavGroup[]): Command[] {
  const text = query.trim()
  const found = byId(text)
  if (found.length > 0) return found

  const all: (Command & { keywords?: string | undefined })[] = [
    ...groups.flatMap((group) => group.items.map(({ label, href, keywords }) => ({ label, href, keywords }))),
    ...actionsOf(groups),
    { label: 'Theme: system', theme: 'system', keywords: 'appearance colour' },
    { label: 'Theme: light', theme: 'light', keywords: 'appearance colour' },
    { label: 'Theme: dark', theme: 'dark', keywords: 'appearance colour' },
  ]
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  return all
    .filter(({ label, keywords = '' }) => words.every((word) => `${label} ${keywords}`.toLowerCase().includes(word)))
    .slice(0, RESULTS_MAX)
}

const bytes32 = '0x[0-9a-f]{64}'

/** Where an id leads; several pages where the id does not say what it is of. */
function byId(text: string): Command[] {
  const [, kind, named] = /^(req|job|batch|lease|node)_([0-9a-f]+)$/.exec(text) ?? []
  if (kind !== undefined && named !== undefined) {
    const { label, page } = idPages[kind as keyof typeof idPages]
    return [{ label: `${label} ${text}`, href: `${page}/${text}` }]
  }
  const [, dispute] = /^(?:dispute\s*#?|#)(\d{1,18})$/i.exec(text) ?? []
  if (dispute !== undefined) return [{ label: `Dispute ${dispute}`, href: `/disputes/${dispute}` }]
  const [, lane, epoch] = new RegExp(`^(${bytes32})[/\\s]+(?:epoch\\s*)?(\\d{1,15})$`, 'i').exec(text) ?? []
  if (lane !== undefined && epoch !== undefined) {
    return [{ label: `Epoch ${epoch} of lane ${lane.slice(0, 10)}…`, href: `/epochs/${lane.toLowerCase()}/${epoch}` }]
  }
  if (!new RegExp(`^${bytes32}$`).test(text)) return []
  return [
    { label: `Provider ${text.slice(0, 10)}…`, href: `/providers/${text}` },
    { label: `Receipt ${text.slice(0, 10)}…`, href: `/receipts/${text}` },
  ]
}

const idPages = {
  req: { label: 'Request', page: '/requests' },
  job: { label: 'Job', page: '/jobs' },
  batch: { label: 'Batch', page: '/batches' },
  lease: { label: 'Lease', page: '/leases' },
  node: { label: 'Offer of', page: '/offers' },
}

/** Things to do, for whoever may open the page where they are done. */
export const actions = [
  { page: '/', label: 'Show the map of offers', href: '/?view=map', keywords: 'world regions places' },
  { page: '/', label: 'Offers that are live now', href: '/?live=1', keywords: 'free capacity' },
  { page: '/keys', label: 'Create an API key', href: '/keys', keywords: 'secret token new' },
  { page: '/balance', label: 'Add funds', href: '/balance', keywords: 'deposit top up pay' },
  { page: '/batches', label: 'Create a batch', href: '/batches/new', keywords: 'new upload file jsonl' },
  { page: '/settings/webhooks', label: 'Add a webhook', href: '/settings/webhooks', keywords: 'events notify' },
  { page: '/leases', label: 'Rent GPUs', href: '/leases/new', keywords: 'lease hours node private endpoint new' },
]

function actionsOf(groups: NavGroup[]) {
  const open = new Set(groups.flatMap((group) => group.items.map((item) => item.href)))
  return actions.filter((action) => open.has(action.page)).map(({ page: _page, ...command }) => command)
}
