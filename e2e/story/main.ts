/**
 * `npm run story`: the whole of the marketplace in one story, in real browsers on a stack of its own that begins empty. No step is
 * faked. Exits 0 when every step that was played passed.
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { startMarketplace } from '../../tools/start/marketplace.ts'
import { consoleProgress } from '../../tools/start/progress.ts'
import { staffSteps } from './arbiters.ts'
import { balanceSteps } from './balances.ts'
import { batchSteps } from './batch.ts'
import { breachSteps } from './breach.ts'
import { contestSteps } from './contest.ts'
import { disputeSteps } from './dispute.ts'
import { leaseSteps } from './lease.ts'
import { providerSteps } from './provider.ts'
import { runStory, tableOf, type Step } from './run-story.ts'
import { teamSteps } from './team.ts'
import { createWorld, type World } from './world.ts'

const EPOCH_MS = 60_000
/** Long enough to find a record on the provider's page and to say what is wrong with it. */
const CHALLENGE_WINDOW_MS = 45_000

const steps: readonly Step[] = [
  ...providerSteps,
  ...teamSteps,
  ...leaseSteps,
  ...batchSteps,
  ...staffSteps,
  ...breachSteps,
  ...contestSteps,
  ...disputeSteps,
  ...balanceSteps,
]

interface Flags {
  headed?: true
  keep?: true
  until?: string
  skip?: readonly string[]
}
const names = steps.map(({ name }) => name)
const flags = new Command('npm run story --')
  .description('Plays the story of a provider, a team and a dispute in real browsers, on a stack that begins empty.')
  .option('--headed', 'show the browsers')
  .option('--until <step>', `stop after this step: ${names.join(', ')}`)
  .option('--skip <steps>', 'leave these out, with commas between: for work on a later one', (text) => text.split(','))
  .option('--keep', 'keep data, logs and pictures')
  .allowExcessArguments(false)
  .showHelpAfterError()
  .parse()
  .opts<Flags>()

const print = (line: string) => void process.stdout.write(`${line}\n`)
process.exit(await main())

async function main(): Promise<number> {
  const unknown = [flags.until ?? [], flags.skip ?? []].flat().find((name) => !names.includes(name))
  if (unknown !== undefined) {
    process.stderr.write(`No step is named ${unknown}. There are: ${names.join(', ')}\n`)
    return 2
  }
  const wanted = steps.filter(({ name }) => !flags.skip?.includes(name))
  const dataDir = mkdtempSync(join(tmpdir(), 'isochrone-story-'))
  // As root, Postgres runs as a user of its own, who must be able to pass through.
  chmodSync(dataDir, 0o755)
  const abort = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => abort.abort())
  const market = await startMarketplace({
    dataDir,
    ports: 'free',
    demo: false,
    epochMs: EPOCH_MS,
    challengeWindowMs: CHALLENGE_WINDOW_MS,
    progress: consoleProgress(),
    signal: abort.signal,
  })
  let world: World | undefined
  let failed = true
  try {
    world = await createWorld(market, { headed: flags.headed === true, dir: join(dataDir, 'story') })
    const stopped = new Promise<never>((_resolve, reject) => {
      abort.signal.addEventListener('abort', () => reject(new Error('Stopped.')))
    })
    const played = await Promise.race([runStory(world, wanted, flags.until, print), stopped])
    failed = played.at(-1)?.outcome === 'failed'
    print(`\n${tableOf(played)}`)
  } finally {
    await world?.close()
    await market.stop()
    if (failed || flags.keep) print(`\n  Data, logs and pictures: ${dataDir}`)
    else rmSync(dataDir, { recursive: true, force: true })
  }
  return failed ? 1 : 0
}
