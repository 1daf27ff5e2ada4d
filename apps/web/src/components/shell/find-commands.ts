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

  const all: (Command & { keywords?: string | undefined })[] = [
    ...groups.flatMap((group) => group.items.map(({ label, href, keywords }) => ({ label, href, keywords }))),
    { label: 'Theme: system', theme: 'system', keywords: 'appearance colour' },
    { label: 'Theme: light', theme: 'light', keywords: 'appearance colour' },
    { label: 'Theme: dark', theme: 'dark', keywords: 'appearance colour' },
  ]
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  return all
    .filter(({ label, keywords = '' }) => words.every((word) => `${label} ${keywords}`.toLowerCase().includes(word)))
    .slice(0, RESULTS_MAX)
}
