/** The tables of docs/API.md from a run: what works with which client, what is refused and why. */
import type { CaseResult, Client } from './conformance-case.ts'

const clients: readonly { client: Client; title: string }[] = [
  { client: 'openai', title: '`openai`' },
  { client: 'ai-sdk', title: 'AI SDK' },
  { client: 'fetch', title: '`fetch`' },
]
export const BEGIN = '<!-- conformance: begin (npm run conformance -- --write) -->'
export const END = '<!-- conformance: end -->'

/** Markdown between the markers, without them. */
export function renderTable(results: readonly CaseResult[]): string {
  const features = new Map<string, CaseResult[]>()
  for (const result of results) {
    const key = `${result.area}\n${result.feature}`
    features.set(key, [...(features.get(key) ?? []), result])
  }
  const rows = [...features.values()].map((cases) => {
    const [first] = cases
    const refused = cases.find((each) => each.refused !== undefined)?.refused
    const cells = clients.map(({ client }) => cellOf(cases.filter((each) => each.client === client)))
    return `| ${[first?.area, first?.feature, ...cells, refused ?? ''].join(' | ')} |`
  })
  const titles = ['area', 'feature', ...clients.map(({ title }) => title), 'refused because']
  return [`| ${titles.join(' | ')} |`, `|${titles.map(() => ' --- ').join('|')}|`, ...rows].join('\n')
}

/** The text with the table put between its markers. Throws where it has no markers. */
export function withTable(text: string, table: string): string {
  const from = text.indexOf(BEGIN)
  const to = text.indexOf(END)
  if (from < 0 || to < from) throw new Error('docs/API.md has no markers for the conformance table')
  return `${text.slice(0, from + BEGIN.length)}\n\n${table}\n\n${text.slice(to)}`
}

function cellOf(cases: readonly CaseResult[]): string {
  const words = cases.map(({ mode, failure, refused }) => {
    if (failure !== null) return `**fails** (${mode})`
    return refused === undefined ? mode : 'refused'
  })
  return [...new Set(words)].join(', ')
}
