/** A Merkle path as a drawing: the leaf at the foot, its siblings beside the way up, the root on top. */
import { useId } from 'react'
import type { PathStep } from '~/lib/verify/signed-structs.ts'
import { shortHash } from '~/lib/words/format.ts'

const WIDTH = 388
const ROW = 58
const BOX = { width: 108, height: 28 }
const OWN_X = WIDTH / 2
const SIBLING_OFFSET = 136

export interface ProofDrawingProps {
  leaf: string
  /** From the leaf up. */
  steps: readonly PathStep[]
  /** `Delivery receipt` or `Work receipt`. */
  subject: string
}

export function ProofDrawing({ leaf, steps, subject }: ProofDrawingProps) {
  const id = useId()
  const levels = steps.length
  const yOf = (level: number) => 22 + (levels - level) * ROW
  const own = [leaf, ...steps.map(({ parent }) => parent)]
  return (
    <svg
      role="img"
      aria-labelledby={`${id}-title`}
      viewBox={`0 0 ${WIDTH} ${yOf(0) + BOX.height + 18}`}
      className="mx-auto h-auto w-full max-w-[388px]"
    >
      <title id={`${id}-title`}>
        {`${subject}: ${levels} ${levels === 1 ? 'level' : 'levels'} from leaf ${shortHash(leaf)} to root ${shortHash(own.at(-1) ?? leaf)}. The table has every hash.`}
      </title>
      {steps.map((step, level) => {
        const siblingX = OWN_X + (step.own === 'left' ? SIBLING_OFFSET : -SIBLING_OFFSET)
        const middle = yOf(level) - (ROW - BOX.height) / 2 - BOX.height / 2 + 1
        return (
          <g key={level} fill="none" className="stroke-(--line-strong)" strokeWidth="1.25">
            <path d={`M${siblingX} ${yOf(level) - BOX.height / 2} V${middle} H${OWN_X}`} />
            <path
              d={`M${OWN_X} ${yOf(level) - BOX.height / 2} V${yOf(level + 1) + BOX.height / 2}`}
              className="stroke-(--accent)"
              strokeWidth="2"
            />
          </g>
        )
      })}
      {steps.map((step, level) => (
        <HashBox
          key={level}
          x={OWN_X + (step.own === 'left' ? SIBLING_OFFSET : -SIBLING_OFFSET)}
          y={yOf(level)}
          hash={step.own === 'left' ? step.right : step.left}
        />
      ))}
      {own.map((hash, level) => (
        <HashBox key={level} x={OWN_X} y={yOf(level)} hash={hash} own />
      ))}
      <Word x={OWN_X + BOX.width / 2 + 8} y={yOf(levels) + 4}>
        root
      </Word>
      <text x={OWN_X} y={yOf(0) + BOX.height / 2 + 15} textAnchor="middle" className="fill-(--ink-3) text-[11px]">
        leaf: this receipt
      </text>
    </svg>
  )
}

function HashBox({ x, y, hash, own }: { x: number; y: number; hash: string; own?: boolean }) {
  return (
    <g>
      <rect
        x={x - BOX.width / 2}
        y={y - BOX.height / 2}
        width={BOX.width}
        height={BOX.height}
        rx="5"
        strokeWidth={own ? 1.5 : 1}
        strokeDasharray={own ? undefined : '3 2'}
        className={own ? 'fill-(--accent-soft) stroke-(--accent)' : 'fill-(--sunken) stroke-(--line-strong)'}
      />
      <text x={x} y={y + 4} textAnchor="middle" className="fill-(--ink) font-mono text-[11px]">
        {shortHash(hash)}
      </text>
    </g>
  )
}

function Word({ x, y, children }: { x: number; y: number; children: string }) {
  return (
    <text x={x} y={y} className="fill-(--ink-3) text-[11px]">
      {children}
    </text>
  )
}
