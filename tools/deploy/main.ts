/**
 * `npm run deploy`: puts the contracts on a chain that is there, and writes the deployment file that every process reads.
 *
 * Exits 0 when the chain holds all of it, 1 when something stands in the way, in one sentence. Run again after a crash, it
 * goes on where it was.
 */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { chainProfileOf, feeModels, writeDeployment, type FeeModel } from '@isochrone/contracts-client'
import { AppError, isAppError } from '@isochrone/domain'
import { whole } from '@isochrone/runtime'
import { Command, InvalidArgumentError, Option } from 'commander'
import { getAddress, isAddress, type Address, type Hex } from 'viem'
import { deploy } from './deploy.ts'
import { readDeployParams } from './deploy-plan.ts'

interface Flags {
  rpc: string
  chainId: number
  keyFile: string
  params: string
  token?: Address
  out: string
  journal?: string
  dryRun?: true
  blockTimeMs: number
  confirmations: number
  finality: string
  feeModel: FeeModel
  feeMaxGwei: number
}

const flags = new Command('npm run deploy --')
  .description('Deploys the contracts to a chain and writes the deployment file. Run again after a crash: it goes on.')
  .requiredOption('--rpc <url>', 'endpoint of the chain')
  .requiredOption('--chain-id <n>', 'id of the chain: it must be what the endpoint answers', whole(1))
  .requiredOption('--key-file <file>', 'file with the private key of the deployer, which keeps no right in the end')
  .requiredOption(
    '--params <file>',
    'JSON: admin, guardian, auditor, treasury, arbiters, and what differs from production',
  )
  .option('--token <address>', 'token that is there already (required where money is real)', addressOf)
  .option('--out <file>', 'deployment file to write', 'deployment.json')
  .option('--journal <file>', 'what was sent, for a run after a crash (default: the deployment file with .journal)')
  .option('--dry-run', 'rehearse on a local chain, print what each transaction takes, and send nothing')
  .addOption(
    new Option('--block-time-ms <n>', 'of the chain').env('CHAIN_BLOCK_TIME_MS').default(12_000).argParser(whole(1)),
  )
  .addOption(
    new Option('--confirmations <n>', 'blocks until it counts')
      .env('CHAIN_CONFIRMATIONS')
      .default(3)
      .argParser(whole(1)),
  )
  .addOption(new Option('--finality <f>', 'safe, finalized, or blocks').env('CHAIN_FINALITY').default('finalized'))
  .addOption(new Option('--fee-model <m>').env('CHAIN_FEE_MODEL').choices(feeModels).default('eip1559'))
  .addOption(
    new Option('--fee-max-gwei <n>', 'most for a unit of gas')
      .env('CHAIN_FEE_MAX_GWEI')
      .default(200)
      .argParser(whole(1)),
  )
  .allowExcessArguments(false)
  .showHelpAfterError()
  .parse()
  .opts<Flags>()

try {
  const say = (line: string): void => void process.stdout.write(`${line}\n`)
  if (!flags.dryRun && existsSync(flags.out)) {
    throw new AppError('state_conflict', { publicMessage: `${flags.out} is there already. Name another file (--out).` })
  }
  const deployment = await deploy({
    rpcUrl: flags.rpc,
    privateKey: await keyIn(flags.keyFile),
    profile: chainProfileOf(
      {
        CHAIN_ID: flags.chainId,
        CHAIN_BLOCK_TIME_MS: flags.blockTimeMs,
        CHAIN_CONFIRMATIONS: flags.confirmations,
        CHAIN_FINALITY: flags.finality,
        CHAIN_FEE_MODEL: flags.feeModel,
        CHAIN_FEE_MAX_GWEI: flags.feeMaxGwei,
      },
      { chainId: flags.chainId },
    ),
    params: readDeployParams(await readText(flags.params), flags.params),
    ...(flags.token !== undefined && { token: flags.token }),
    journalFile: flags.journal ?? `${flags.out}.journal`,
    dryRun: flags.dryRun === true,
    say,
  })
  if (deployment) {
    await writeDeployment(flags.out, deployment)
    say(`Deployed and read back: ${flags.out} (DEPLOYMENT_FILE).`)
  }
} catch (error) {
  const sentence = isAppError(error) ? error.publicMessage : error instanceof Error ? error.message : String(error)
  process.stderr.write(`${sentence.split('\n')[0] ?? ''}\n`)
  process.exitCode = 1
}

async function keyIn(path: string): Promise<Hex> {
  const text = (await readText(path)).trim()
  if (/^0x[0-9a-fA-F]{64}$/.test(text)) return text as Hex
  throw new AppError('invalid_input', { publicMessage: `${path} holds no private key: 32 bytes of hex behind 0x.` })
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new AppError('invalid_input', { publicMessage: `${path} cannot be read.`, cause })
  }
}

function addressOf(text: string): Address {
  if (isAddress(text)) return getAddress(text)
  throw new InvalidArgumentError('an address with a valid checksum is expected.')
}
