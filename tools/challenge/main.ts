/**
 * `npm run challenge`: holds epoch files against the chain and accuses whoever they convict. Anyone may; what a contract
 * judges by itself costs gas alone and pays a share, a challenge needs a bond.
 *
 * Exits 0 when nothing is wrong, 1 when something is, 2 when it could not be checked.
 */
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import {
  assertDeploymentMatches,
  chainProfileOf,
  createChainReader,
  createChainWriter,
  feeModels,
  readDeployment,
  type Deployment,
  type FeeModel,
} from '@isochrone/contracts-client'
import { AppError, isAppError } from '@isochrone/domain'
import type { Hex } from '@isochrone/protocol'
import { whole } from '@isochrone/runtime'
import { fetchEpochFile, type FetchedEpoch } from '@isochrone/verifier'
import { Command, InvalidArgumentError, Option } from 'commander'
import { endWithoutReader } from '../end-without-reader.ts'
import { fileAt, urlOf } from '../verify-epoch/find-sources.ts'
import { accuse } from './accuse.ts'

interface Flags {
  rpc: string
  deployment: string
  gateway?: string
  keyFile?: string
  bond?: bigint
  blockTimeMs: number
  confirmations: number
  feeModel: FeeModel
  feeMaxGwei: number
}

endWithoutReader()
const program = new Command('npm run challenge --')
  .description('Proves what epoch files convict somebody of, and challenges records that do not follow from them.')
  .argument(
    '<epoch|file...>',
    'epochs to fetch from the gateway, or paths of epoch files; two files of one epoch as well',
  )
  .requiredOption('--rpc <url>', 'chain endpoint')
  .requiredOption('--deployment <file>', 'deployment whose contracts to trust')
  .option('--gateway <url>', 'gateway to fetch epochs from')
  .option('--key-file <file>', 'file with the private key of who accuses; without it nothing is sent')
  .option('--bond <µUSD>', 'for each challenge (default: the least that the ledger takes)', amount)
  .addOption(new Option('--block-time-ms <n>').env('CHAIN_BLOCK_TIME_MS').default(12_000).argParser(whole(1)))
  .addOption(new Option('--confirmations <n>').env('CHAIN_CONFIRMATIONS').default(1).argParser(whole(1)))
  .addOption(new Option('--fee-model <m>').env('CHAIN_FEE_MODEL').choices(feeModels).default('eip1559'))
  .addOption(
    new Option('--fee-max-gwei <n>', 'most for a unit of gas')
      .env('CHAIN_FEE_MAX_GWEI')
      .default(200)
      .argParser(whole(1)),
  )
  .addHelpText('after', '\nExits 0 when nothing is wrong, 1 when something is, 2 when it could not be checked or done.')
  .showHelpAfterError()
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
  .parse()

const fetched: FetchedEpoch[] = []
try {
  process.exitCode = await run(program.args, program.opts<Flags>())
} catch (error) {
  const text = isAppError(error) ? error.publicMessage : error instanceof Error ? error.message : String(error)
  process.stderr.write(`${text.split('\n')[0] ?? ''}\n`)
  process.exitCode = 2
} finally {
  for (const { remove } of fetched) await remove()
}

async function run(targets: readonly string[], flags: Flags): Promise<0 | 1 | 2> {
  const say = (line: string): void => void process.stdout.write(`${line}\n`)
  const deployment = await readDeployment(resolve(flags.deployment))
  if (!deployment) throw invalid(`There is no file ${flags.deployment}.`)
  urlOf('--rpc', flags.rpc)
  const reader = createChainReader({ rpcUrl: flags.rpc, deployment })
  await assertDeploymentMatches(reader.publicClient, deployment)
  const files = []
  for (const target of targets) files.push(await fileOf(target, flags))
  const writer = flags.keyFile === undefined ? null : await writerOf(flags, flags.keyFile, deployment)
  const bond = flags.bond === undefined ? {} : { bondMicroUsd: flags.bond }
  const { found, sent, failed, unread } = await accuse({ files, reader, writer, ...bond, say })
  if (found > 0) say(`${found} found, ${sent} sent.`)
  else say(unread === 0 ? 'Nothing is wrong.' : 'Nothing was found in what could be checked.')
  if (failed.length > 0) return 2
  if (found > 0) return 1
  return unread === 0 ? 0 : 2
}

async function fileOf(target: string, { gateway }: Flags) {
  let path = target
  if (/^\d{1,15}$/.test(target)) {
    if (gateway === undefined) throw invalid('Say which gateway has the epoch: --gateway URL. Or name a file.')
    const file = await fetchEpochFile(gateway, Number(target))
    fetched.push(file)
    path = file.path
  }
  return { name: target, open: fileAt(path) }
}

async function writerOf(flags: Flags, keyFile: string, deployment: Deployment) {
  const text = (await readFile(keyFile, 'utf8').catch(() => '')).trim()
  if (!/^0x[0-9a-fA-F]{64}$/.test(text)) throw invalid(`${keyFile} holds no private key: 32 bytes of hex behind 0x.`)
  const settings = {
    CHAIN_BLOCK_TIME_MS: flags.blockTimeMs,
    CHAIN_CONFIRMATIONS: flags.confirmations,
    CHAIN_FINALITY: '0',
    CHAIN_FEE_MODEL: flags.feeModel,
    CHAIN_FEE_MAX_GWEI: flags.feeMaxGwei,
  }
  const profile = chainProfileOf(settings, deployment)
  return createChainWriter({ rpcUrl: flags.rpc, deployment, privateKey: text as Hex, profile })
}

function amount(text: string): bigint {
  if (/^\d{1,18}$/.test(text)) return BigInt(text)
  throw new InvalidArgumentError('a whole number of µUSD is expected.')
}

function invalid(publicMessage: string): AppError {
  return new AppError('invalid_input', { publicMessage })
}
