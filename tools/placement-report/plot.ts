/**
 * Cost against SLO attainment, one panel for each utilisation, as one SVG that follows the reader's light or dark theme.
 *
 * Attainment is drawn by its misses on a logarithmic scale, so that 99 % and 99.9 % are as far apart as they feel;
 * cost is the share above the bound that no policy can beat. Down and right is better.
 */
import type { PolicyResult, RunResult } from './runs/run-file.ts'
import { plain } from './tables/policies.ts'

const PANEL = { width: 420, height: 360, left: 66, right: 12, top: 44, bottom: 46 }
const GAP = 16
/** Fewer misses than one in 100,000 cannot be told apart in runs of this length. */
const NINES_MAX = 4.5
const NINES_MIN = 0
const LABEL_PX = 11
const OURS = 'isochrone'

interface Point {
  x: number
  y: number
  result: PolicyResult
}

/** `results` in the order of the panels. Policies that accepted nothing have no cost and are listed below the panel. */
export function plotCostAgainstSlo(results: readonly RunResult[]): string {
  const costs = results.flatMap((result) => plain(result).flatMap(({ costOverBound }) => costOverBound ?? []))
  const costMax = niceCeiling(Math.max(0.2, ...costs))
  const width = results.length * PANEL.width + (results.length - 1) * GAP
  const panels = results.map((result, index) => panel(result, index * (PANEL.width + GAP), costMax))
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${PANEL.height}" width="${width}" height="${PANEL.height}" role="img" aria-label="Cost above the bound against SLO attainment for every policy">`,
    style,
    `<rect class="paper" width="${width}" height="${PANEL.height}"/>`,
    ...panels,
    '</svg>',
    '',
  ].join('\n')
}

const style = `<style>
  .paper { fill: #ffffff } text { font: ${LABEL_PX}px system-ui, sans-serif; fill: #3f4754 }
  .title { font-size: 13px; font-weight: 600; fill: #14181f } .grid { stroke: #e3e6ea; stroke-width: 1 }
  .dot { fill: #7b8794 } .ours { fill: #0f766e } .ours-label { fill: #0f766e; font-weight: 600 } .lead { stroke: #b4bcc6; stroke-width: .75 }
  @media (prefers-color-scheme: dark) {
    .paper { fill: #12161c } text { fill: #aab4c0 } .title { fill: #eef2f6 } .grid { stroke: #262d36 }
    .dot { fill: #7d8a99 } .ours { fill: #2dd4bf } .ours-label { fill: #2dd4bf } .lead { stroke: #4a5563 }
  }
</style>`

function panel(result: RunResult, offset: number, costMax: number): string {
  const inner = { width: PANEL.width - PANEL.left - PANEL.right, height: PANEL.height - PANEL.top - PANEL.bottom }
  const xOf = (slo: number): number => {
    const nines = Math.min(NINES_MAX, Math.max(NINES_MIN, -Math.log10(Math.max(1e-9, 1 - slo))))
    return offset + PANEL.left + ((nines - NINES_MIN) / (NINES_MAX - NINES_MIN)) * inner.width
  }
  const yOf = (cost: number): number => PANEL.top + inner.height - (Math.max(0, cost) / costMax) * inner.height
  const out = [
    `<text class="title" x="${offset + PANEL.left}" y="20">Utilisation ${result.util}</text>`,
    `<text x="${offset + PANEL.left}" y="35">${result.seeds.length} seeds, mean; down and right is better</text>`,
  ]
  for (const slo of [0.9, 0.99, 0.999, 0.9999]) {
    const x = fixed(xOf(slo))
    out.push(`<line class="grid" x1="${x}" x2="${x}" y1="${PANEL.top}" y2="${PANEL.top + inner.height}"/>`)
    out.push(`<text x="${x}" y="${PANEL.top + inner.height + 16}" text-anchor="middle">${percent(slo)}</text>`)
  }
  for (let step = 0; step <= 4; step++) {
    const cost = (costMax * step) / 4
    const y = fixed(yOf(cost))
    out.push(
      `<line class="grid" x1="${offset + PANEL.left}" x2="${offset + PANEL.width - PANEL.right}" y1="${y}" y2="${y}"/>`,
    )
    out.push(
      `<text x="${offset + PANEL.left - 6}" y="${fixed(yOf(cost) + 4)}" text-anchor="end">+${Math.round(cost * 100)} %</text>`,
    )
  }
  out.push(
    `<text x="${offset + PANEL.left + inner.width / 2}" y="${PANEL.height - 10}" text-anchor="middle">requests inside their SLO</text>`,
  )
  if (offset === 0)
    out.push(
      `<text transform="translate(14 ${PANEL.top + inner.height / 2}) rotate(-90)" text-anchor="middle">cost above the LP bound</text>`,
    )
  const points = plain(result).flatMap((one): Point[] =>
    one.costOverBound === null ? [] : [{ x: xOf(one.sloAttainment), y: yOf(one.costOverBound), result: one }],
  )
  out.push(
    ...labelled(points, {
      left: offset + PANEL.left,
      right: offset + PANEL.width - 2,
      bottom: PANEL.top + inner.height,
    }),
  )
  return out.join('\n')
}

/** Labels go beside their dot; where they would overlap they move down, then up, with a line back to the dot. */
function labelled(points: readonly Point[], area: { left: number; right: number; bottom: number }): string[] {
  // Dots are in the way of labels, too.
  const placed = points.map(({ x, y }) => ({ x0: x - 5, x1: x + 5, y: y + 4 }))
  const out: string[] = []
  for (const { x, y, result } of points.toSorted(
    (a, b) => Number(b.result.policy === OURS) - Number(a.result.policy === OURS) || a.y - b.y,
  )) {
    const ours = result.policy === OURS
    const width = result.policy.length * LABEL_PX * 0.56
    const right = x + 8 + width <= area.right
    const x0 = right ? x + 8 : Math.max(area.left, x - 8 - width)
    let labelY = y + 4
    for (const shift of shifts) {
      labelY = y + 4 + shift
      const free = placed.every((one) => one.x1 < x0 || one.x0 > x0 + width || Math.abs(one.y - labelY) >= LABEL_PX + 1)
      if (free && labelY > PANEL.top - 2 && labelY < area.bottom) break
    }
    placed.push({ x0, x1: x0 + width, y: labelY })
    if (Math.abs(labelY - 4 - y) > 6) {
      out.push(
        `<line class="lead" x1="${fixed(x)}" y1="${fixed(y)}" x2="${fixed(right ? x0 - 2 : x0 + width + 2)}" y2="${fixed(labelY - 4)}"/>`,
      )
    }
    out.push(`<circle class="${ours ? 'ours' : 'dot'}" cx="${fixed(x)}" cy="${fixed(y)}" r="${ours ? 5 : 3.5}"/>`)
    out.push(`<text${ours ? ' class="ours-label"' : ''} x="${fixed(x0)}" y="${fixed(labelY)}">${result.policy}</text>`)
  }
  return out
}

const shifts = Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? 1 : -1) * Math.ceil(i / 2) * 6)

function niceCeiling(value: number): number {
  const steps = [0.2, 0.4, 0.6, 0.8, 1, 1.2, 1.6, 2, 3, 4]
  return steps.find((step) => step >= value) ?? Math.ceil(value)
}

const fixed = (value: number): string => value.toFixed(1)
const percent = (share: number): string => `${Number((share * 100).toFixed(2))} %`
