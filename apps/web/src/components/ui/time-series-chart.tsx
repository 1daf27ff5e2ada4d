'use client'
/**
 * Values over time, drawn by uPlot on a canvas, with the same values as a table one click away.
 *
 * A gap in the data stays a gap in the line. Times are UTC. The canvas has a sentence for who cannot see it; the table
 * has every value. The library is loaded when a chart is in the page, and colours are those of the theme.
 */
import { useEffect, useRef } from 'react'
import type uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { formatSeries, formatUtc, type SeriesUnit } from '~/lib/words/format.ts'
import { EmptyState } from './empty-state.tsx'
import { Table, Td, Th, Tr } from './table.tsx'
import { TwoViews } from './two-views.tsx'

export interface ChartSeries {
  label: string
  /** One for each time; null where nothing was measured. */
  values: readonly (number | null)[]
  /** A token of the score's palette, 1 to 7; by default its place among the series. */
  color?: 1 | 2 | 3 | 4 | 5 | 6 | 7
  dashed?: boolean
}

export interface TimeSeriesChartProps {
  /** What is shown: `Time to first token`. */
  label: string
  unit: SeriesUnit
  /** ms since the epoch, ascending. */
  timesMs: readonly number[]
  series: readonly ChartSeries[]
  /** Of the plot, px. */
  height?: number
  /** Why there may be nothing. */
  emptyHint?: string
}

/** Of a series with so few values each is drawn as a point. */
const POINTS_SHOWN_MAX = 48
const AXIS_FONT = '11px ui-sans-serif, system-ui, sans-serif'
const TIME_AXIS_PX = 32
const VALUE_AXIS_PX_MIN = 40
const palette = [1, 3, 4, 6, 2, 7, 5] as const

export function TimeSeriesChart(props: TimeSeriesChartProps) {
  const { label, unit, timesMs, series, height = 220, emptyHint } = props
  const hasValues = series.some((one) => one.values.some((value) => value !== null))
  if (!hasValues) return <EmptyState title={`${label}: nothing measured yet`}>{emptyHint}</EmptyState>
  return (
    <TwoViews
      label={label}
      words={['Chart', 'Table']}
      aside={
        <>
          <p className="text-sm font-medium">{label}</p>
          <Legend {...props} />
        </>
      }
      first={
        <div role="img" aria-label={sentenceOf(props)} className="rounded-md border border-line bg-surface p-2">
          <Plot unit={unit} timesMs={timesMs} series={series} height={height} />
        </div>
      }
      second={<ValuesTable {...props} />}
    />
  )
}

function colorOf(series: ChartSeries, index: number): string {
  return `var(--term-${series.color ?? palette[index % palette.length]})`
}

function Legend({ series, unit }: TimeSeriesChartProps) {
  return (
    <ul className="mt-1 flex flex-wrap gap-x-4 gap-y-1 text-xs text-ink-2">
      {series.map((one, index) => (
        <li key={one.label} className="flex items-center gap-1.5">
          <span
            aria-hidden
            className="inline-block w-4 border-t-2"
            style={{ borderColor: colorOf(one, index), borderTopStyle: one.dashed ? 'dashed' : 'solid' }}
          />
          {one.label} <span className="figures font-medium text-ink">{formatSeries(unit, newestOf(one))}</span>
        </li>
      ))}
    </ul>
  )
}

function newestOf({ values }: ChartSeries): number | null {
  return values.findLast((value) => value !== null) ?? null
}

function sentenceOf({ label, unit, series, timesMs }: TimeSeriesChartProps): string {
  const spans = series.map((one) => {
    const known = one.values.filter((value) => value !== null)
    if (known.length === 0) return `${one.label} was not measured`
    return `${one.label} between ${formatSeries(unit, Math.min(...known))} and ${formatSeries(unit, Math.max(...known))}`
  })
  const [from, to] = [timesMs[0], timesMs.at(-1)]
  const range = from === undefined || to === undefined ? '' : ` from ${formatUtc(from)} to ${formatUtc(to)}`
  return `${label}${range}: ${spans.join('; ')}. The table view has every value.`
}

function ValuesTable({ label, unit, timesMs, series }: TimeSeriesChartProps) {
  return (
    <Table label={`${label}, values`}>
      <thead>
        <tr>
          <Th>Time, UTC</Th>
          {series.map((one) => (
            <Th key={one.label} numeric>
              {one.label}
            </Th>
          ))}
        </tr>
      </thead>
      <tbody>
        {timesMs
          .map((atMs, index) => ({ atMs, index }))
          .toReversed()
          .map(({ atMs, index }) => (
            <Tr key={atMs}>
              <Td className="figures whitespace-nowrap">{formatUtc(atMs).slice(0, 16)}</Td>
              {series.map((one) => (
                <Td key={one.label} numeric>
                  {formatSeries(unit, one.values[index])}
                </Td>
              ))}
            </Tr>
          ))}
      </tbody>
    </Table>
  )
}

type PlotProps = Required<Pick<TimeSeriesChartProps, 'unit' | 'timesMs' | 'series' | 'height'>>

function Plot({ unit, timesMs, series, height }: PlotProps) {
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const target = box.current
    if (!target) return
    let plot: uPlot | undefined
    let gone = false
    const data: uPlot.AlignedData = [timesMs.map((ms) => ms / 1_000), ...series.map((one) => [...one.values])]
    const draw = async () => {
      const { default: UPlot } = await import('uplot')
      if (gone) return
      plot?.destroy()
      plot = new UPlot(optionsOf({ unit, series, height }, target, UPlot), data, target)
    }
    void draw()
    const resized = new ResizeObserver(() => plot?.setSize({ width: target.clientWidth, height }))
    resized.observe(target)
    // Colours are read when it is drawn: another theme draws it anew.
    const themed = new MutationObserver(() => void draw())
    themed.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] })
    const system = matchMedia('(prefers-color-scheme: dark)')
    const onSystem = () => void draw()
    system.addEventListener('change', onSystem)
    return () => {
      gone = true
      resized.disconnect()
      themed.disconnect()
      system.removeEventListener('change', onSystem)
      plot?.destroy()
    }
  }, [unit, timesMs, series, height])
  return <div ref={box} style={{ height: `${height}px` }} className="overflow-hidden" />
}

function optionsOf(
  { unit, series, height }: Omit<PlotProps, 'timesMs'>,
  target: HTMLElement,
  UPlot: typeof uPlot,
): uPlot.Options {
  const ink = resolved(target, 'var(--ink-3)')
  const line = resolved(target, 'var(--line)')
  const axis = {
    stroke: ink,
    font: AXIS_FONT,
    grid: { stroke: line, width: 1 },
    ticks: { stroke: line, width: 1, size: 4 },
  }
  return {
    width: target.clientWidth,
    height,
    legend: { show: false },
    cursor: { drag: { x: false, y: false } },
    tzDate: (seconds) => UPlot.tzDate(new Date(seconds * 1_000), 'Etc/UTC'),
    scales: { y: { range: (_self, _min, max) => [0, max > 0 ? max * 1.1 : 1] } },
    axes: [
      { ...axis, size: TIME_AXIS_PX, values: (_self, ticks) => ticks.map(clockOf) },
      { ...axis, size: widthOf, values: (_self, ticks) => ticks.map((tick) => formatSeries(unit, tick)) },
    ],
    series: [
      {},
      ...series.map((one, index) => ({
        label: one.label,
        stroke: resolved(target, colorOf(one, index)),
        width: 1.5,
        points: {
          show: one.values.length <= POINTS_SHOWN_MAX,
          size: 5,
          // What has gaps on both sides is no part of a line: without a point it would not be seen.
          ...(one.values.length > POINTS_SHOWN_MAX && { filter: () => lonelyIn(one.values) }),
        },
        ...(one.dashed && { dash: [5, 4] }),
      })),
    ],
  }
}

/** Room for the longest label of the value axis, its tick and a gap, px. */
function widthOf({ ctx }: uPlot, labels: readonly string[] | null): number {
  ctx.font = AXIS_FONT
  const widths = (labels ?? []).map((label) => ctx.measureText(label).width)
  return Math.max(VALUE_AXIS_PX_MIN, Math.ceil(Math.max(0, ...widths)) + 14)
}

/** The places of values with nothing measured before and after them. */
function lonelyIn(values: ChartSeries['values']): number[] {
  const missing = (index: number) => (values[index] ?? null) === null
  return values.flatMap((_, index) => (!missing(index) && missing(index - 1) && missing(index + 1) ? [index] : []))
}

/** A tick of the time axis: the day at midnight, else the time; UTC. */
function clockOf(seconds: number): string {
  const iso = new Date(seconds * 1_000).toISOString()
  return iso.slice(11, 16) === '00:00' ? iso.slice(5, 10) : iso.slice(11, 16)
}

/** A custom property as the colour that a canvas understands. */
function resolved(target: HTMLElement, color: string): string {
  const probe = document.createElement('span')
  probe.style.color = color
  target.append(probe)
  const value = getComputedStyle(probe).color
  probe.remove()
  return value
}
