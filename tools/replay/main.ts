/**
 * `npm run replay -- TRACE`: replays a request trace against a running marketplace and holds its books against each
 * other at the end.
 *
 * With `--json` the last line of stdout is one object; progress goes to stderr. Exits 1 when a request was lost or the
 * money does not add up.
 */
import { join, resolve } from 'node:path'
import { Command, InvalidArgumentError } from 'commander'
import { readTrace } from '@isochrone/simulator'
import { projectRoot } from '../project-root.ts'
import { readInstanceFile } from '../start/instance-file.ts'
import { describeStartError, StartError } from '../start/start-error.ts'
import { runReplay, type ReplayOptions } from './run-replay.ts'
import { seenOf, settleReplay, type Settlement } from './settle.ts'
import { describeSummary, summarise } from './summary.ts'

interface Flags {
  requests: number
  speed: number
  queued?: true
  json?: true
  url?: string
  apiKey?: string
  model?: string
  dataDir: string
  concurrency: number
  promptTokensMax: number
  tokensOutMax: number
  sloTtftMs: number
  sloTpotMs: number
  settle: boolean
  settleLimitS: number
}

const program = new Command('npm run replay --')
  .description('Replays a request trace (Azure CSV or Mooncake JSONL, gzipped or not) through the openai client.')
  .argument('<trace>', 'the trace; tools/replay/traces/demo.csv ships with the project')
  .option('--requests <n>', 'how many requests of the trace', number(1), 200)
  .option('--speed <x>', 'how many times faster than the trace they arrive', number(0.001), 1)
  .option('--queued', 'send them as queued jobs instead of interactively')
  .option('--json', 'print one JSON object as the last line')
  .option('--url <url>', 'gateway (default: that of the marketplace started here)')
  .option('--api-key <key>', 'API key (default: that of the demo team)')
  .option('--model <name>', 'model to ask for (default: the demo model)')
  .option('--data-dir <dir>', 'data directory of the marketplace', join(projectRoot, '.data'))
  .option('--concurrency <n>', 'requests in flight at most', number(1), 64)
  .option('--prompt-tokens-max <n>', 'cap of a prompt, to fit the context of the demo model', number(1), 1_024)
  .option('--tokens-out-max <n>', 'cap of an answer', number(1), 512)
  .option('--slo-ttft-ms <ms>', 'goodput: first token within', number(1), 2_000)
  .option('--slo-tpot-ms <ms>', 'goodput: time per further token within', number(1), 100)
  .option('--no-settle', 'leave the epoch open and skip the money check')
  .option('--settle-limit-s <s>', 'how long to wait for settlement', number(1), 300)
  .showHelpAfterError()
  .parse()

try {
  await main(String(program.args[0]), program.opts<Flags>())
} catch (error) {
  process.stderr.write(`${describeStartError(error)}\n`)
  process.exit(1)
}

async function main(file: string, flags: Flags): Promise<void> {
  const trace = readTrace(resolve(file)).slice(0, flags.requests)
  const instance = readInstanceFile(resolve(flags.dataDir))
  const gatewayUrl = flags.url ?? instance?.gatewayUrl
  const apiKey = flags.apiKey ?? instance?.apiKey
  const model = flags.model ?? instance?.model
  if (!gatewayUrl || !apiKey || !model) {
    throw new StartError('No marketplace runs here: start one with npm start, or give --url, --api-key and --model.')
  }
  const note = (line: string) => void process.stderr.write(`${line}\n`)
  const options: ReplayOptions = {
    gatewayUrl,
    apiKey,
    model,
    speed: flags.speed,
    queued: flags.queued === true,
    concurrencyMax: flags.concurrency,
    promptTokensMax: flags.promptTokensMax,
    tokensOutMax: flags.tokensOutMax,
    note,
  }
  const { outcomes, durationS } = await runReplay(trace, options)
  const slo = flags.queued ? null : { ttftMs: flags.sloTtftMs, tpotMs: flags.sloTpotMs }
  const summary = summarise(outcomes, durationS, slo)
  const lines = describeSummary(summary, slo)
  const out = flags.json ? process.stderr : process.stdout
  out.write(`\n${lines.join('\n')}\n`)

  const ours = instance !== null && instance.gatewayUrl === gatewayUrl
  const settlement =
    flags.settle && ours ? await settleReplay(instance, seenOf(outcomes), flags.settleLimitS * 1_000, note) : null
  out.write(`${describeSettlement(settlement).join('\n')}\n`)
  const moneyCheck = settlement === null ? 'not checked' : settlement.exact ? 'exact' : 'mismatch'
  if (flags.json) {
    const books = settlement && Object.fromEntries(Object.entries(settlement.books).map(([k, v]) => [k, v.toString()]))
    process.stdout.write(
      `${JSON.stringify({ ...summary, moneyCheck, books, transactions: settlement?.transactions })}\n`,
    )
  }
  process.exit(summary.lost === 0 && moneyCheck !== 'mismatch' ? 0 : 1)
}

function describeSettlement(settlement: Settlement | null): string[] {
  if (!settlement) return ['Settlement not checked.']
  const { books, exact, transactions } = settlement
  return [
    'Transactions',
    ...transactions.map(({ purpose, hash }) => `  ${purpose.padEnd(8)} ${hash}`),
    `Money     payers' debit ${books.debited} µUSD, receipts ${books.receipts} µUSD, providers ${books.credited} + fee ${books.fee} µUSD: ${exact ? 'exact' : 'MISMATCH'}`,
  ]
}

function number(min: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (text.trim() === '' || !Number.isFinite(value) || value < min) {
      throw new InvalidArgumentError(`a number of ${min} or more`)
    }
    return value
  }
}
