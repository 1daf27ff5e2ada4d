/**
 * `npm run bench:gateway`: what our gateway costs and adds, beside the upstream alone, a bare node:http proxy and Portkey's
 * gateway: one machine, one run, one upstream, one load generator, all on loopback.
 *
 * Ours is the gateway process with an agent process behind its link: authentication, placement, metering, journal and both
 * signatures. Postgres and Redis run beside it and are not counted. It ends by itself and leaves no process.
 */
import { watchMachine } from '@isochrone/runtime'
import { Command } from 'commander'
import { abortVerdict, measureAborts, type Aborts } from './aborts.ts'
import { startRivals, type Rivals } from './rivals.ts'
import { runRounds, TOKENS, type Plan } from './rounds.ts'
import { rowsOf, verdictsOf, type Row, type Verdict } from './summary.ts'

const flags = new Command('npm run bench:gateway --')
  .description('Compares our gateway with direct calls, a bare proxy and Portkey: CPU, latency added, throughput.')
  .option('--json', 'one JSON object as the last line')
  .option('--quick', 'one short round: below a minute')
  .option('--profile', 'write CPU profiles of our gateway and agent into .data/')
  .allowExcessArguments(false)
  .showHelpAfterError()
  .parse()
  .opts<{ json?: true; quick?: true; profile?: true }>()

const plan: Plan = flags.quick
  ? {
      rounds: 1,
      warmMs: 300,
      warmCount: { request: 400, stream: 160 },
      warmMsMax: 2_500,
      measureMs: 900,
      measureMsMax: 2_500,
      countMin: { request: 300, stream: 160 },
      totalMsMax: 1,
    }
  : {
      rounds: 4,
      warmMs: 600,
      warmCount: { request: 20_000, stream: 6_000 },
      warmMsMax: 60_000,
      measureMs: 1_900,
      measureMsMax: 5_000,
      countMin: { request: 1_000, stream: 400 },
      totalMsMax: 140_000,
    }

let rivals: Rivals | undefined
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => void rivals?.stop().finally(() => process.exit(130)))
}
const note = (line: string): void => void process.stderr.write(`${line}\n`)

const ABORTS = flags.quick ? 11 : 51
const machineNow = watchMachine()
let rows: Row[]
let aborts: Aborts
try {
  rivals = await startRivals(flags.profile === true)
  rows = rowsOf(await runRounds(rivals, plan, note))
  const ours = rivals.all.find(({ name }) => name === 'isochrone')
  if (!ours) throw new Error('our gateway did not run')
  aborts = await measureAborts(ours, rivals.upstream, ABORTS)
} finally {
  await rivals?.stop()
}
const verdicts = [...verdictsOf(rows), abortVerdict(aborts)]
const summary = { rows, verdicts, abortToEngineMs: aborts, tokens: TOKENS, plan, machine: machineNow() }
process.stdout.write(flags.json ? `${JSON.stringify(summary)}\n` : table(rows, verdicts))
process.exit(0)

function table(all: readonly Row[], judged: readonly Verdict[]): string {
  const head = [
    '',
    'CPU µs a request',
    'CPU µs a stream',
    'requests/s',
    'streams/s',
    'added p50/p99 ms',
    'TTFT added p50/p99',
  ]
  const lines = all.map((row) => [
    row.name,
    `${row.cpuUsPerRequest.toFixed(0)}${row.agentCpuUsPerRequest > 0 ? ` (+${row.agentCpuUsPerRequest.toFixed(0)})` : ''}`,
    `${row.cpuUsPerStream.toFixed(0)}${row.agentCpuUsPerStream > 0 ? ` (+${row.agentCpuUsPerStream.toFixed(0)})` : ''}`,
    row.requestsPerSecond.toFixed(0),
    row.streamsPerSecond.toFixed(0),
    `${row.addedP50Ms.toFixed(2)} / ${row.addedP99Ms.toFixed(2)}`,
    `${row.addedTtftP50Ms.toFixed(2)} / ${row.addedTtftP99Ms.toFixed(2)}`,
  ])
  const cells = [head, ...lines].map(([first = '', ...rest]) =>
    [first.padEnd(10), ...rest.map((cell) => cell.padStart(20))].join(''),
  )
  const said = judged.map(({ what, seen, target, holds }) => `${holds ? '✓' : '✗'} ${what}: ${seen} (target ${target})`)
  return `${cells.join('\n')}\nIn brackets: the agent's. ${all[0]?.rounds ?? 0} rounds, medians.\n${said.join('\n')}\n`
}
