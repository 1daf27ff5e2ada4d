/** What the three who saw a request say about it, each by their own clock. */
import type { DisputeCase, FileTryView, LeaseReceiptDetail } from '@isochrone/services'
import type { ReactNode } from 'react'
import { Hash, Utc } from '~/components/ui/values.tsx'
import { nextStepOf } from '~/lib/words/dispute-words.ts'
import { formatCount, formatMs } from '~/lib/words/format.ts'

export interface Moment {
  atMs: number | null
  text: ReactNode
}

export function Timelines({ dispute }: { dispute: DisputeCase }) {
  if (dispute.dispute.kind === 'withheld') return <FileTimelines tries={dispute.fileTries} />
  return (
    <>
      <Line title="Agent" note="Signed by the node." moments={agentMoments(dispute)}>
        The node signed nothing for it.
      </Line>
      <Line title="Gateway" note="Signed by the lane, and noted while it ran." moments={gatewayMoments(dispute)}>
        The receipt is not stored here.
      </Line>
      <Line
        title="Witnesses"
        note="The path to the node, signed by whoever measured it."
        moments={pathMoments(dispute)}
      >
        No witness has measured the path to this node.
      </Line>
    </>
  )
}

/** Of a withheld file: who was asked for it, when, and what came. */
function FileTimelines({ tries }: { tries: DisputeCase['fileTries'] }) {
  const momentsOf = (isOne: (each: FileTryView) => boolean): Moment[] =>
    tries.filter(isOne).map((each) => ({ atMs: each.atMs, text: <Tried tried={each} /> }))
  return (
    <>
      <Line title="Agents" note="Nodes that give out their copies, asked by the worker." moments={momentsOf(isNode)}>
        No node that gives out copies was asked yet.
      </Line>
      <Line
        title="Gateways"
        note="The lane’s own address and others, asked by the worker."
        moments={momentsOf(isGateway)}
      >
        No gateway was asked yet: the worker asks in each step of the dispute.
      </Line>
      <Line title="Witnesses" note="They measure ways to nodes." moments={[]}>
        Of a file they see nothing.
      </Line>
    </>
  )
}

const isNode = ({ by }: FileTryView): boolean => by === 'node'
const isGateway = ({ by }: FileTryView): boolean => by !== 'node'

function Tried({ tried: { source, by, step, httpStatus, bytes, fileHash, isTheFile, said } }: { tried: FileTryView }) {
  const status = httpStatus === null ? 'no answer' : `HTTP ${httpStatus}`
  return (
    <>
      <span className="break-words">
        {by === 'lane' ? 'The lane' : source}, while {nextStepOf({ state: step })} was open: {status}.
      </span>{' '}
      {fileHash === null ? (
        <span className="text-ink-2">{said ?? 'No file came.'}</span>
      ) : (
        <>
          {formatCount(bytes ?? 0)} bytes, {isTheFile ? 'the anchored file' : 'another file than the anchored one'}:{' '}
          <Hash value={fileHash} label="hash of what came" />
        </>
      )}
    </>
  )
}

/** What one of the three saw, oldest first. */
export function Line({
  title,
  note,
  moments,
  children,
}: {
  title: string
  note: string
  moments: Moment[]
  children: ReactNode
}) {
  return (
    <div className="rounded-md border border-line bg-surface px-3.5 py-3">
      <h3 className="font-medium">
        {title} <span className="text-xs font-normal text-ink-3">{note}</span>
      </h3>
      {moments.length === 0 ? (
        <p className="mt-1 text-ink-2">{children}</p>
      ) : (
        <ol className="mt-1.5 flex flex-col gap-1.5 border-l border-line pl-3">
          {moments.map(({ atMs, text }, index) => (
            <li key={index}>
              {atMs !== null && (
                <span className="block text-xs text-ink-3">
                  <Utc at={atMs} />
                </span>
              )}
              {text}
            </li>
          ))}
        </ol>
      )}
    </div>
  )
}

function agentMoments({ receipt, lease }: DisputeCase): Moment[] {
  if (lease) return spanMoments(lease, 'The node')
  const work = receipt?.work
  if (!work) return []
  const durationMs = Number(work.engineDurationUs) / 1_000
  const finishedAtMs = Number(work.finishedAtMs)
  const ttftMs = Number(work.engineTtftUs) / 1_000
  const startedAtMs = finishedAtMs - durationMs
  return [
    {
      atMs: startedAtMs,
      text: `The engine took the prompt: ${tokens(Number(work.tokensIn) + Number(work.tokensCached))} in.`,
    },
    { atMs: startedAtMs + ttftMs, text: `First token, ${formatMs(ttftMs)} after.` },
    { atMs: finishedAtMs, text: `Done: ${tokens(work.tokensOut)} out in ${formatMs(durationMs)}.` },
  ]
}

function gatewayMoments({ receipt, lease, attempts }: DisputeCase): Moment[] {
  if (lease) return spanMoments(lease, 'The lane')
  if (!receipt) return []
  const { delivery } = receipt
  const startedAtMs = Number(delivery.startedAtMs)
  const [ttftMs, durationMs] = [Number(delivery.attemptTtftMs), Number(delivery.durationMs)]
  const others = attempts.filter(({ attempt }) => attempt !== receipt.attempt)
  return [
    { atMs: startedAtMs, text: 'Sent to the node.' },
    { atMs: startedAtMs + ttftMs, text: `First token seen, ${formatMs(ttftMs)} after.` },
    {
      atMs: startedAtMs + durationMs,
      text: `Closed with status ${delivery.httpStatus}: ${tokens(delivery.billedOut)} and ${formatCount(Number(delivery.bytesOut))} bytes passed on${receipt.fault === 'none' ? '' : `, fault of the ${receipt.fault}`}.`,
    },
    ...others.map(({ attempt, nodeName, outcome, message }) => ({
      atMs: null,
      text: `Attempt ${attempt + 1} at ${nodeName ?? 'another node'}: ${outcome}${message ? `, ${message}` : ''}.`,
    })),
  ]
}

/** What ran over the path no witness saw; the path itself they timed, last before it and first after. */
export function pathMoments({ paths }: Pick<DisputeCase, 'paths'>): Moment[] {
  return paths.map(({ atMs, verdict, finding, rtts }) => ({
    atMs,
    text: (
      <>
        <span>
          Region {verdict}: {finding}
        </span>
        {rtts.length > 0 && (
          <ul className="text-xs text-ink-2">
            {rtts.map(({ witness, rttMs, simulated }) => (
              <li key={witness}>
                {witness}: {formatMs(rttMs)} round trip{simulated && ' (simulated)'}
              </li>
            ))}
          </ul>
        )}
      </>
    ),
  }))
}

/** Both sign the same span; by the gateway's clock. */
function spanMoments({ fromMs, toMs, gpuMs }: LeaseReceiptDetail, who: string): Moment[] {
  return [
    { atMs: fromMs, text: 'The span begins: the engine of the lease answers.' },
    { atMs: toMs, text: `${who} signed for ${formatCount(gpuMs)} ms of GPU time up to here.` },
  ]
}

function tokens(count: string | number | undefined): string {
  const number = Number(count ?? 0)
  return `${formatCount(number)} ${number === 1 ? 'token' : 'tokens'}`
}
