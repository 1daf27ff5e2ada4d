/**
 * The command `npm run verify-epoch` as a function: what it is given, where it writes, and the code that it exits with.
 *
 * That is 0 when nothing contradicts, 1 at a mismatch (named in a sentence), 2 when it could not be checked, or was held against
 * contracts that the file names and nobody said to trust. What public data left open is named in the last line; with
 * `--strict` it is 1 too.
 */
import { AppError, isAppError } from '@isochrone/domain'
import {
  compareEpochFiles,
  EARLIER_FILES_MAX,
  readEpochChain,
  verifyEpoch,
  type EpochReport,
} from '@isochrone/verifier'
import { Command, CommanderError } from 'commander'
import { projectRoot } from '../project-root.ts'
import { defaultDataDir, findSources, type Sources, type VerifyFlags } from './find-sources.ts'
import { comparisonAsJson, comparisonAsText, reportAsJson, reportAsText, strictlyLeftOpen } from './print-report.ts'

const whyTrust = `
A file names its own contracts, and a forger could have deployed those: anchor, registry and payments would then agree with
whatever it says. So with --rpc alone all is checked that a file and a chain allow, and the command exits 2 even where nothing
contradicts: --deployment FILE names the contracts, from whoever you have them from and trust; --trust-file takes the file's own
as they are, and exits 0.

A file that is damaged or cut off is a mismatch: its hash is held against the anchor of the epoch that its first line names, or that
--expect LANE:EPOCH does. Where neither can be read or is said, the chain is asked whether any anchor names such a file.

Vouchers are cumulative. Where neither the chain nor --previous shows what was signed before one, the files of the epochs before are
fetched, from the gateways that are known, also beside a file: the newest first, until it is found or the lane began, at most ${EARLIER_FILES_MAX}.

The epoch's own anchor is found however old it is. Claims and the anchor before are looked for 2,000,000 blocks back; where
there are older ones, the report says NOT CHECKED.

A gateway that no longer serves an epoch cannot hide it: nodes with receipts in it keep copies, and those that were started
with --serve-epochs give them out. Whoever the file comes from, its hash is compared with the anchored one.`

const exits = `
Exits 0 when nothing contradicts, 1 at a mismatch, 2 when it could not be checked or nobody said whose contracts to trust. What a single check left open, such as the
amounts of vouchers where nobody gives out the files before, stands in the last line as NOT CHECKED and exits 0; with --strict it exits 1.`

const NOBODY_TRUSTED =
  'Nothing contradicts, but say whose contracts to trust: --deployment FILE (or --trust-file for those that the file itself names, which a forger could have deployed).\n'

/** Each is read whole, and then all once more. */
const TARGETS_MAX = 16

/** Where the command writes. */
export interface Output {
  readonly stdout: { write(text: string): unknown }
  readonly stderr: { write(text: string): unknown }
}

/** Never throws: what went wrong is a sentence on stderr, and 2. */
export async function verifyEpochCommand(args: readonly string[], output: Output): Promise<0 | 1 | 2> {
  try {
    const program = commandLine(output).parse(args, { from: 'user' })
    return await run(program.args, program.opts<VerifyFlags>(), output)
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    const sentence = isAppError(error) ? error.publicMessage : `It could not be checked: ${oneLine(error)}`
    output.stderr.write(`${sentence}\n`)
    return 2
  }
}

function commandLine({ stdout, stderr }: Output): Command {
  return new Command('npm run verify-epoch --')
    .description(
      'Checks a published epoch: every signature, number, price, sum, root, voucher and performance count, against the chain.',
    )
    .argument(
      '<id|file...>',
      'EPOCH or LANE:EPOCH, fetched from a gateway, or the path of an epoch file; several are compared with one another too, at most 16',
    )
    .option('--rpc <url>', 'chain endpoint to ask (default: that of the marketplace that runs here)')
    .option(
      '--deployment <file>',
      'deployment whose contracts to trust (default: that of the marketplace that runs here)',
    )
    .option('--trust-file', 'without a deployment: trust the contracts that the file itself names')
    .option(
      '--gateway <url>',
      'gateway to fetch the epoch from, or a node that gives out its copies; repeat it: the next is asked when one has it not (default: those of the marketplace that runs here)',
      (url: string, urls: string[]) => [...urls, url],
      [],
    )
    .option(
      '--previous <file>',
      'file of the epoch before, as the chain names it: shows what earlier vouchers said; repeat it, oldest first',
      (file: string, files: string[]) => [...files, file],
      [],
    )
    .option(
      '--expect <id>',
      'LANE:EPOCH that the file must be of: one whose first line cannot be read is then held against that anchor',
    )
    .option(
      '--strict',
      'exit 1 as well when anything stayed NOT CHECKED, as without files of epochs before or far back in the chain',
    )
    .option('--data-dir <dir>', 'data directory of the marketplace', defaultDataDir(projectRoot))
    .option('--json', 'the report as one JSON object; of several a line each, and one for what they contradict in')
    .option('--progress', 'lines read, every second, on stderr')
    .addHelpText('after', whyTrust)
    .addHelpText('after', exits)
    .allowExcessArguments(false)
    .showHelpAfterError()
    .configureOutput({
      writeOut: (text) => void stdout.write(text),
      writeErr: (text) => void stderr.write(text),
    })
    .exitOverride()
}

async function run(targets: readonly string[], flags: VerifyFlags, { stdout, stderr }: Output): Promise<0 | 1 | 2> {
  if (targets.length > TARGETS_MAX) throw invalid(`These are ${targets.length} epochs: at most ${TARGETS_MAX} at once.`)
  if (targets.length > 1 && flags.expect !== undefined) throw invalid('--expect goes with one file alone.')
  if (targets.length > 1 && flags.previous.length > 0) throw invalid('--previous goes with one epoch alone.')
  const found: { name: string; sources: Sources }[] = []
  try {
    let isRight = true
    let leftOpen = 0
    for (const name of targets) {
      const sources = await findSources(name, flags)
      found.push({ name, sources })
      const { ok, unchecked } = await verified(sources, flags, { stdout, stderr })
      isRight &&= ok
      leftOpen += unchecked.length
    }
    if (found.length > 1) {
      const sentences = await compareEpochFiles(found.map(({ name, sources: { open } }) => ({ name, open })))
      stdout.write(flags.json ? comparisonAsJson(sentences) : comparisonAsText(sentences, found.length, leftOpen))
      isRight &&= sentences.length === 0
    }
    if (isRight && !flags.trustFile && found.some(({ sources }) => sources.deployment === null)) {
      stderr.write(NOBODY_TRUSTED)
      return 2
    }
    if (!flags.strict || leftOpen === 0) return isRight ? 0 : 1
    stderr.write(strictlyLeftOpen(leftOpen))
    return 1
  } finally {
    for (const { sources } of found) await sources.close()
  }
}

async function verified(sources: Sources, flags: VerifyFlags, { stdout, stderr }: Output): Promise<EpochReport> {
  const started = performance.now()
  const { open, previous, fetchEarlier, expected, rpcUrl, deployment, header } = sources
  const chain = readEpochChain({ rpcUrl, deployment, header })
  const onProgress = flags.progress ? progressOn(stderr) : undefined
  const report = await verifyEpoch({ open, previous, fetchEarlier, expected, chain, ...(onProgress && { onProgress }) })
  const seconds = Math.round(performance.now() - started) / 1_000
  stdout.write(flags.json ? reportAsJson(report, seconds) : reportAsText(report, seconds))
  return report
}

function invalid(publicMessage: string): AppError {
  return new AppError('invalid_input', { publicMessage })
}

function progressOn(stream: Output['stderr']) {
  let shownAt = performance.now()
  return ({ lines }: { lines: number }): void => {
    if (performance.now() - shownAt < 1_000) return
    shownAt = performance.now()
    stream.write(`${lines.toLocaleString('en-US')} lines\n`)
  }
}

function oneLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? ''
}
