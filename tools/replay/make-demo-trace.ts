/**
 * Writes traces/demo.csv: four minutes of made-up traffic in the format of the Azure trace, the same on each run.
 *
 * Arrivals are Poisson with a burst in the second minute; lengths are log-normal about what chat traffic shows. It
 * copies no measured trace.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { prng } from '@isochrone/domain'
import { projectRoot } from '../project-root.ts'

const requests = 240
const random = prng(20_260_101)
const uniform = () => random.unit()

/** Box–Muller. */
const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())
const logNormal = (median: number, sigma: number, max: number) =>
  Math.max(1, Math.min(max, Math.round(median * Math.exp(sigma * normal()))))

const lines = ['TIMESTAMP,ContextTokens,GeneratedTokens']
let atMs = Date.UTC(2026, 0, 1, 9)
for (let i = 0; i < requests; i++) {
  const perSecond = i >= 50 && i < 130 ? 2.5 : 0.8
  atMs += (-Math.log(1 - uniform()) / perSecond) * 1_000
  const timestamp = new Date(atMs).toISOString().replace('T', ' ').replace('Z', '0000')
  lines.push(`${timestamp},${logNormal(420, 0.9, 4_000)},${logNormal(90, 0.8, 600)}`)
}
writeFileSync(join(projectRoot, 'tools/replay/traces/demo.csv'), `${lines.join('\n')}\n`)
