/** A report for people, or as one JSON object. */
import { counted, formatUsd } from '@isochrone/domain'
import { sentenceOf, type EpochReport } from '@isochrone/verifier'

/** Money as decimal text in µUSD. */
export function reportAsJson(report: EpochReport, seconds: number): string {
  const { sumMicroUsd, firstMismatch, ...rest } = report
  const sentence = firstMismatch && sentenceOf(firstMismatch)
  const whole = { ...rest, sumMicroUsd: sumMicroUsd.toString(), firstMismatch, sentence, seconds }
  return `${JSON.stringify(whole)}\n`
}

/** What several files contradict each other in. */
export function comparisonAsJson(contradictions: readonly string[]): string {
  return `${JSON.stringify({ contradictions })}\n`
}

/** @param leftOpen how much in the files' own reports was not checked. */
export function comparisonAsText(contradictions: readonly string[], files: number, leftOpen: number): string {
  const open = leftOpen > 0 ? ` NOT CHECKED: ${counted(leftOpen, 'thing', 'things')} in them, named above.` : ''
  if (contradictions.length === 0) return `\nThe ${files} files do not contradict one another.${open}\n`
  const shown = contradictions.slice(0, 6).map((sentence) => `  ${sentence}`)
  const more = contradictions.length > 6 ? [`  and ${contradictions.length - 6} more, see --json.`] : []
  return `${['', 'CONTRADICTION.', ...shown, ...more].join('\n')}\n`
}

const marks = { true: '✓', false: '✗', null: '–' } as const

export function reportAsText(report: EpochReport, seconds: number): string {
  const { lane, epoch, chainId, receipts, leaves, sumMicroUsd, checks, notes, unchecked, firstMismatch, mismatches } =
    report
  const of = `${epoch === null ? 'A file of no known epoch' : `Epoch ${epoch}`}${lane === null ? '' : ` of lane ${lane}`}`
  const lines = [
    `${of} on chain ${chainId}`,
    `${counted(receipts, 'receipt', 'receipts')}, ${counted(leaves, 'leaf', 'leaves')}, ${formatUsd(sumMicroUsd)}`,
    '',
    ...checks.map(
      ({ ok, title, detail }) =>
        `  ${marks[String(ok) as keyof typeof marks]} ${title}${detail === '' ? '' : ` (${detail})`}`,
    ),
    '',
    ...notes.map((note) => `  · ${note}`),
    ...(notes.length > 0 ? [''] : []),
    firstMismatch === null
      ? `Verified in ${seconds.toFixed(1)} s: nothing contradicts.${unchecked.length > 0 ? ` NOT CHECKED: ${unchecked.join('; ')}.` : ''}`
      : `MISMATCH. ${sentenceOf(firstMismatch)}`,
  ]
  const others = mismatches.slice(1, 6).map((mismatch) => `  ${sentenceOf(mismatch)}`)
  if (others.length > 0) lines.push('Then:', ...others)
  if (mismatches.length > 6) lines.push(`  and ${mismatches.length - 6} more, see --json.`)
  return `${lines.join('\n')}\n`
}

/** Why `--strict` fails where nothing contradicts. */
export function strictlyLeftOpen(leftOpen: number): string {
  return `--strict: ${counted(leftOpen, 'thing was', 'things were')} NOT CHECKED; the report names what, and what it takes.\n`
}
