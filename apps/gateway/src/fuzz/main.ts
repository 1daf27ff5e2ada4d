/**
 * `npm run fuzz:gateway -- [--cases N] [--seed S] [--only KIND] [--batch B]`: what strangers may send, at length. No crash, no
 * hang, no unhandled rejection, each answer a typed error. Ends with code 1 and the way to repeat it at the first that does
 * not hold.
 */
import { whole } from '@isochrone/runtime'
import { Command } from 'commander'
import { runFuzz } from './run-fuzz.ts'

const { cases, seed, only, batch } = new Command('npm run fuzz:gateway --')
  .description('Sends bodies, headers and link frames of every kind to the gateway and to what reads them.')
  .option('--cases <n>', 'cases in all, by the shares of the kinds', whole(0), 1_000_000)
  .option('--seed <n>', 'other cases', whole(0), Date.now() % 1_000_000)
  .option('--only <kind>', 'bodies, frames, chunks, http or link')
  .option('--batch <n>', 'this batch alone, to repeat it', whole(0))
  .parse()
  .opts<{ cases: number; seed: number; only?: string; batch?: number }>()

const say = (line: string): void => void process.stdout.write(`${line}\n`)
say(`seed ${seed}`)
try {
  const startedAt = performance.now()
  const run = await runFuzz({ cases, seed, only, batch, say })
  const seconds = Math.round((performance.now() - startedAt) / 1_000)
  say(`${run.cases.toLocaleString('en-US')} cases in ${seconds} s: no crash, no hang, each answer a typed error`)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
