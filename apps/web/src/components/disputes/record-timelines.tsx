/** What the three who saw a node's epoch say about it, each by their own clock: the whole span, and the attempts that tell most. */
import type { RecordCaseView } from '@isochrone/services'
import { Link } from '~/components/ui/link.tsx'
import { formatCount, formatMs } from '~/lib/words/format.ts'
import { recordMoments, type SeenAttempt } from '~/lib/verify/record-moments.ts'
import { Line, pathMoments, type Moment } from './timelines.tsx'

export function RecordTimelines({ found }: { found: RecordCaseView }) {
  const { lane } = found.record
  const seen = recordMoments(found.evidence)
  const { first, last, shown, others } = seen
  const receipt = ({ seq }: SeenAttempt) => (
    <Link className="link" href={`/receipts/${lane}/${seq}`}>
      Receipt {seq}
    </Link>
  )
  const agent: Moment[] = shown.flatMap((attempt): Moment[] =>
    attempt.work
      ? [
          {
            atMs: attempt.work.finishedAtMs,
            text: (
              <>
                {receipt(attempt)}: first token {formatMs(attempt.work.ttftMs)} after the prompt,{' '}
                {attempt.work.tokensOut} out in {formatMs(attempt.work.durationMs)}.
              </>
            ),
          },
        ]
      : [{ atMs: null, text: <>{receipt(attempt)}: the node signed nothing for it.</> }],
  )
  const gateway: Moment[] = shown.map((attempt) => ({
    atMs: attempt.startedAtMs,
    text: (
      <>
        {receipt(attempt)}: {attempt.words}.
      </>
    ),
  }))
  const more: Moment[] =
    others > 0 ? [{ atMs: null, text: `${formatCount(others)} more, of which none tells more against the node.` }] : []
  const ends = (): Moment[] => [
    ...(last === null ? [] : [{ atMs: last, text: 'Its last attempt or span of the epoch ended.' }]),
    { atMs: found.epochClosedAtMs, text: 'The lane closed the epoch.' },
  ]
  return (
    <>
      <Line title="Agent" note="Signed by the node." moments={seen.works === 0 ? [] : [worked(seen), ...agent]}>
        The node signed for no attempt of this epoch that is stored here.
      </Line>
      <Line
        title="Gateway"
        note="Signed by the lane."
        moments={
          first === null
            ? []
            : [
                { atMs: first, text: 'The node’s first attempt or span of the epoch began.' },
                ...gateway,
                ...more,
                ...ends(),
              ]
        }
      >
        No receipt of the node in this epoch is stored here.
      </Line>
      <Line title="Witnesses" note="The path to the node, signed by whoever measured it." moments={pathMoments(found)}>
        No witness has measured the path to this node.
      </Line>
    </>
  )
}

function worked({ works, engineTtftMs }: ReturnType<typeof recordMoments>): Moment {
  const spread = engineTtftMs
    ? `: first tokens after ${formatMs(engineTtftMs.median)} in the middle, ${formatMs(engineTtftMs.most)} at most`
    : ''
  return { atMs: null, text: `Its engine answered ${formatCount(works)} times by its own clock${spread}.` }
}
