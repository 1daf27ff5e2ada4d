/** The candidates of one placement: each term of the score in dollars, as figures and as a bar, the winner first. */
import { Badge } from '~/components/ui/badge.tsx'
import { Table, Td, Th, Tr } from '~/components/ui/table.tsx'
import { cn } from '~/lib/cn.ts'
import { formatCount, formatMs } from '~/lib/format.ts'
import {
  termNames,
  termWords,
  verdictOf,
  type CandidateView,
  type PlacementView,
  type TermName,
} from '~/lib/placement.ts'

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
      <Table label="Candidates and their scores in dollars" className="min-w-[960px]">
        <thead>
          <tr>
            <Th>Node</Th>
            <Th numeric>Score, $</Th>
            {known.map((term) => (
              <Th key={term} numeric title={termWords[term].help}>
                <Swatch term={term} /> {termWords[term].label}, $
              </Th>
            ))}
            <Th numeric>Expected TTFT</Th>
            <Th numeric>Per token</Th>
            {cached && <Th numeric>Cached tokens</Th>}
            <Th numeric>Streams</Th>
          </tr>
        </thead>
        <tbody>
          {candidates.map((row) => (
            <Tr key={row.nodeId} className={cn(row.nodeId === choice && 'bg-accent-soft hover:bg-accent-soft')}>
              <Td className="py-2">
                <div className="flex items-center gap-1.5 whitespace-nowrap">
                  <span className="font-medium">{nameOf(row.nodeId)}</span>
                  {row.nodeId === choice && <Badge tone="accent">chosen</Badge>}
                  {alternates.includes(row.nodeId) && <Badge>alternate {alternates.indexOf(row.nodeId) + 1}</Badge>}
                </div>
                <Bar row={row} highest={highest} />
                <Verdict row={row} record={record} />
              </Td>
              <Td numeric className="font-medium">
                {alignedUsd(row.score)}
              </Td>
              {known.map((term) => (
                <Td key={term} numeric className={cn(row.terms[term] === 0 && 'text-ink-3')}>
                  {row.terms[term] === null ? '—' : alignedUsd(row.terms[term])}
                </Td>
              ))}
              <Td numeric>{formatMs(row.ttftMs)}</Td>
              <Td numeric>{formatMs(row.tpotMs)}</Td>
              {cached && <Td numeric>{row.tokensCached === null ? '—' : formatCount(row.tokensCached)}</Td>}
              <Td numeric>{row.activeStreams}</Td>
            </Tr>
          ))}
        </tbody>
      </Table>
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

/** Eight decimals, a hundredth of a millionth of a dollar, so that a column lines up. */
const alignedUsd = (microUsd: number): string => (microUsd === 0 ? '0' : (microUsd / 1e6).toFixed(8))

const Swatch = ({ term }: { term: TermName }) => (
  <span aria-hidden className={cn('inline-block size-2 shrink-0 rounded-xs', termColours[term])} />
)

/** The figures stand beside it, so it is for the eye alone. */
function Bar({ row, highest }: { row: CandidateView; highest: number }) {
  if (!(highest > 0)) return null
  return (
    <div aria-hidden className="mt-1.5 flex h-1.5 w-56 overflow-hidden rounded-xs bg-line">
      {termNames.map((term) => {
        const share = Math.max(0, row.terms[term] ?? 0) / highest
        return share > 0 && <span key={term} className={termColours[term]} style={{ width: `${share * 100}%` }} />
      })}
    </div>
  )
}

function Verdict({ row, record }: { row: CandidateView; record: PlacementView }) {
  const text = verdictOf(row, record)
  return text && <p className="mt-1 text-xs whitespace-nowrap text-ink-3">{text}</p>
}
