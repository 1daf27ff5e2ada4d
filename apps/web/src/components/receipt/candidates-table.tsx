/** The candidates of one placement: each term of the score in dollars, as figures and as a bar, the winner first. */
import type { ReactNode } from 'react'
import { Badge } from '~/components/ui/badge.tsx'
import { DataTable, type Column } from '~/components/ui/data-table.tsx'
import { cn } from '~/lib/cn.ts'
import { formatCount, formatMs } from '~/lib/words/format.ts'
import {
  termNames,
  termWords,
  verdictOf,
  type CandidateView,
  type PlacementView,
  type TermName,
} from '~/lib/market/placement.ts'

const termColours: Record<TermName, string> = {
  tokens: 'bg-(--term-1)',
  bytes: 'bg-(--term-2)',
  latency: 'bg-(--term-3)',
  generation: 'bg-(--term-4)',
  sloTtft: 'bg-(--term-5)',
  sloTpot: 'bg-(--term-6)',
  failure: 'bg-(--term-7)',
}

export function CandidatesTable({ record, nameOf }: { record: PlacementView; nameOf: (id: string) => string }) {
  const { candidates, choice, alternates } = record
  const known = termNames.filter((term) => candidates.some(({ terms }) => terms[term]))
  const zero = termNames.filter((term) => !known.includes(term) && candidates.some(({ terms }) => terms[term] === 0))
  const cached = candidates.some(({ tokensCached }) => tokensCached !== null)
  const highest = Math.max(...candidates.map(({ score }) => score))
  return (
    <>
      <DataTable
        label="Candidates and their scores in dollars"
        className="sm:min-w-[880px]"
        stacks
        rows={candidates}
        rowKey={(row) => row.nodeId}
        rowClassName={(row) => cn(row.nodeId === choice && 'bg-accent-soft hover:bg-accent-soft')}
        columns={[
          {
            head: 'Node',
            className: 'py-2',
            cell: (row) => (
              <>
                <div className="flex items-center gap-1.5 max-sm:flex-wrap sm:whitespace-nowrap">
                  <span className="font-medium">{nameOf(row.nodeId)}</span>
                  {row.nodeId === choice && <Badge tone="accent">chosen</Badge>}
                  {alternates.includes(row.nodeId) && <Badge>alternate {alternates.indexOf(row.nodeId) + 1}</Badge>}
                </div>
                <Bar row={row} highest={highest} />
                <Verdict row={row} record={record} />
              </>
            ),
          },
          { head: 'Score, $', numeric: true, className: 'font-medium', cell: (row) => alignedUsd(row.score) },
          ...known.map(termColumn),
          {
            head: 'TTFT, per token',
            headTitle: 'Expected time to the first token, and for each further one',
            headClassName: 'whitespace-normal',
            numeric: true,
            cell: (row) => <TwoLines first={formatMs(row.ttftMs)} second={formatMs(row.tpotMs)} />,
          },
          {
            head: cached ? 'Streams, cached' : 'Streams',
            headTitle: cached
              ? 'Streams that ran there, and prompt tokens that its cache was thought to hold'
              : 'Streams that ran there',
            headClassName: 'whitespace-normal',
            numeric: true,
            cell: ({ activeStreams, tokensCached }) =>
              cached ? (
                <TwoLines
                  first={activeStreams}
                  second={tokensCached === null ? '—' : `${formatCount(tokensCached)} tok`}
                />
              ) : (
                activeStreams
              ),
          },
        ]}
      />
      <ul aria-label="Terms of the score" className="mt-2 flex flex-wrap gap-x-5 gap-y-1 text-xs text-ink-3">
        {known.map((term) => (
          <li key={term}>
            <Swatch term={term} /> <span className="font-medium text-ink-2">{termWords[term].label}</span>{' '}
            {termWords[term].help}
          </li>
        ))}
        {zero.length > 0 && (
          <li>Nothing for any of them: {zero.map((term) => termWords[term].label.toLowerCase()).join(', ')}.</li>
        )}
      </ul>
    </>
  )
}

const termColumn = (term: TermName): Column<CandidateView> => ({
  head: (
    <>
      <Swatch term={term} /> {termWords[term].label}, $
    </>
  ),
  headTitle: termWords[term].help,
  numeric: true,
  className: (row) => cn(row.terms[term] === 0 && 'text-ink-3'),
  cell: ({ terms }) => (terms[term] === null ? '—' : alignedUsd(terms[term])),
})

/** Eight decimals, a hundredth of a millionth of a dollar, so that a column lines up. */
const alignedUsd = (microUsd: number): string => (microUsd === 0 ? '0' : (microUsd / 1e6).toFixed(8))

const TwoLines = ({ first, second }: { first: ReactNode; second: ReactNode }) => (
  <>
    {first}
    <div className="text-ink-3">{second}</div>
  </>
)

const Swatch = ({ term }: { term: TermName }) => (
  <span aria-hidden className={cn('inline-block size-2 shrink-0 rounded-xs', termColours[term])} />
)

/** The figures stand beside it, so it is for the eye alone. */
function Bar({ row, highest }: { row: CandidateView; highest: number }) {
  if (!(highest > 0)) return null
  return (
    <div aria-hidden className="mt-1.5 flex h-1.5 w-full overflow-hidden rounded-xs bg-line sm:w-56">
      {termNames.map((term) => {
        const share = Math.max(0, row.terms[term] ?? 0) / highest
        return share > 0 && <span key={term} className={termColours[term]} style={{ width: `${share * 100}%` }} />
      })}
    </div>
  )
}

function Verdict({ row, record }: { row: CandidateView; record: PlacementView }) {
  const text = verdictOf(row, record)
  return text && <p className="mt-1 text-xs text-ink-3 sm:whitespace-nowrap">{text}</p>
}
