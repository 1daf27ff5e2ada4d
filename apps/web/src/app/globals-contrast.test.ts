import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const css = readFileSync(new URL('globals.css', import.meta.url), 'utf8')
const tokens = new Map(
  [...css.matchAll(/--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)/g)].map(([, name, light, dark]) => [
    String(name),
    { light: String(light), dark: String(dark) },
  ]),
)

/** Relative luminance and contrast ratio: WCAG 2.2, definitions. */
function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(hex.slice(at, at + 2), 16) / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

function contrast(one: string, other: string): number {
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].toSorted((a, b) => b - a)
  return (light + 0.05) / (dark + 0.05)
}

const grounds = ['canvas', 'surface', 'raised', 'sunken', 'hover']
const text = ['ink', 'ink-2', 'ink-3', 'accent', 'good', 'warn', 'bad'].flatMap((ink) =>
  grounds.map((ground) => [ink, ground, 4.5] as const),
)
const soft = ['accent', 'good', 'warn', 'bad'].map((tone) => [tone, `${tone}-soft`, 4.5] as const)
const drawn = ['line-strong', 'accent', 'term-1', 'term-3', 'term-4', 'term-5', 'term-6', 'term-7'].flatMap((line) =>
  ['canvas', 'surface', 'raised'].map((ground) => [line, ground, 3] as const),
)

test.each(['light', 'dark'] as const)('every colour of text and of lines has the contrast of WCAG AA: %s', (theme) => {
  const pairs = [...text, ...soft, ...drawn, ['accent-ink', 'accent', 4.5] as const]
  const of = (name: string) => tokens.get(name)?.[theme] ?? 'missing'
  const low = pairs.flatMap(([over, under, least]) => {
    const ratio = contrast(of(over), of(under))
    return ratio >= least ? [] : [`${over} on ${under}: ${ratio.toFixed(2)} < ${least}`]
  })
  expect(low).toEqual([])
})
