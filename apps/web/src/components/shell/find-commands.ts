/** What the command palette offers for what was typed. Pure, so that a test can hold it. */
import type { NavGroup } from './nav-items.ts'
import type { Theme } from '~/lib/theme.ts'

export type Command =
  | { label: string; href: string; theme?: undefined }
  | { label: string; theme: Theme; href?: undefined }

const RESULTS_MAX = 12

/** Commands whose label or keywords hold every typed word; an id leads to its page. At most 12. */
export function findCommands(query: string, groups: NavGroup[]): Command[] {
  const text = query.trim()
  if (/^req_[0-9a-f]+$/.test(text)) return [{ label: `Request ${text}`, href: `/requests/${text}` }]
  if (/^node_[0-9a-f]+$/.test(text)) return [{ label: `Offer of ${text}`, href: `/offers/${text}` }]

  if (/^job_[0-9a-f]+$/.test(text)) return [{ label: `Job ${text}`, href: `/jobs/${text}` }]
  if (/^batch_[0-9a-f]+$/.test(text)) return [{ label: `Batch ${text}`, href: `/batches/${text}` }]
  if (/^0x[0-9a-f]{64}$/.test(text)) return [{ label: `Provider ${text.slice(0, 10)}…`, href: `/providers/${text}` }]

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

/** Things to do, for whoever may open the page where they are done. */
const actions = [
  { page: '/', label: 'Show the map of offers', href: '/?view=map', keywords: 'world regions places' },
  { page: '/', label: 'Offers that are live now', href: '/?live=1', keywords: 'free capacity' },
  { page: '/keys', label: 'Create an API key', href: '/keys', keywords: 'secret token new' },
  { page: '/balance', label: 'Add funds', href: '/balance', keywords: 'deposit top up pay' },
  { page: '/batches', label: 'Create a batch', href: '/batches/new', keywords: 'new upload file jsonl' },
  { page: '/settings/webhooks', label: 'Add a webhook', href: '/settings/webhooks', keywords: 'events notify' },
  { page: '/provider/join', label: 'Make a join token', href: '/provider/join', keywords: 'agent list gpu' },
]

function actionsOf(groups: NavGroup[]) {
  const open = new Set(groups.flatMap((group) => group.items.map((item) => item.href)))
  return actions.filter((action) => open.has(action.page)).map(({ page: _page, ...command }) => command)
}
