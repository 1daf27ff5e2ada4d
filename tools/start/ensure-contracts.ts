/**
 * The contracts that this marketplace runs on: those recorded for its chain, else freshly deployed ones.
 *
 * New bytecode over kept chain state is refused with a clear line (by `assertDeploymentMatches`), never patched over.
 * The gateway's key is admitted as a lane, once, with the stake that its admission asks for.
 */
import {
  addLane,
  assertDeploymentMatches,
  chainIdOf,
  chainProfileOf,
  createChainClient,
  createChainWriter,
  createTransactionSender,
  deployIsochrone,
  developmentParams,
  isLane,
  mintTestUsdc,
  provision,
  readDeployment,
  signLaneKey,
  stakeOf,
  writeDeployment,
  type ChainWriter,
  type Deployment,
  type DeploymentParams,
} from '@isochrone/contracts-client'
import { AppError, isAppError } from '@isochrone/domain'
import { childEnv, developmentJudges, loadEnv, toolEnv, type ToolEnv } from '@isochrone/runtime'
import { pad, zeroAddress, type Address, type Hex, type PublicClient } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'

export interface EnsureContractsOptions {
  readonly rpcUrl: string
  readonly deploymentFile: string
  readonly env: Readonly<Record<string, string>>
  /** Whether the chain is the one that `npm start` keeps, which `--reset` empties. */
  readonly isOurChain: boolean
}

/** @throws AppError `state_conflict` in one sentence when chain and code do not fit together. */
export async function ensureContracts(options: EnsureContractsOptions): Promise<void> {
  const { rpcUrl, deploymentFile, env } = options
  const settings = loadEnv(toolEnv, childEnv(env)) // As the processes that we start will read it.
  const publicClient = createChainClient(rpcUrl)
  const operator = privateKeyToAccount(settings.OPERATOR_KEY)
  let deployment = await keptDeployment(publicClient, options)
  if (!deployment) {
    const profile = chainProfileOf(settings, { chainId: settings.CHAIN_ID ?? (await chainIdOf(publicClient)) })
    const sender = createTransactionSender({ publicClient, account: operator, profile })
    deployment = await deployIsochrone({ publicClient, sender, params: paramsOf(settings, operator.address) })
    await writeDeployment(deploymentFile, deployment)
  }
  const profile = chainProfileOf(settings, deployment)
  const writer = createChainWriter({ rpcUrl, deployment, privateKey: settings.OPERATOR_KEY, profile })
  await ensureLane(writer, settings.GATEWAY_KEY)
}

/** Null before the first start. @throws AppError with the way out that an operator of other contracts does not have. */
async function keptDeployment(
  publicClient: PublicClient,
  { deploymentFile, isOurChain }: EnsureContractsOptions,
): Promise<Deployment | null> {
  try {
    const deployment = await readDeployment(deploymentFile)
    if (deployment) await assertDeploymentMatches(publicClient, deployment)
    return deployment
  } catch (error) {
    if (!isOurChain || !isAppError(error) || error.code !== 'state_conflict') throw error
    const publicMessage = `${error.publicMessage} To start afresh: \`npm start -- --reset\`.`
    throw new AppError('state_conflict', { publicMessage, cause: error })
  }
}

/** Safe to run again after a crash between any two steps: only the stake that is missing is added. */
async function ensureLane(writer: ChainWriter, privateKey: Hex): Promise<void> {
  const { deployment, sender } = writer
  const operator = sender.account.address
  const lane = pad(privateKeyToAccount(privateKey).address)
  if (await isLane(writer, lane)) return
  const missing = BigInt(deployment.params.laneStakeMinMicroUsd) - (await stakeOf(writer, lane)).active
  if (missing > 0n) {
    // With real money the operator must hold the stake; nobody mints it.
    if (deployment.codeHashes.token !== null) await mintTestUsdc(writer, { to: operator, amount: missing })
    await provision(writer, { subject: lane, amount: missing })
  }
  await addLane(writer, signLaneKey(writer, { privateKey, operator }))
}

/** The development column of the table of deadlines, with the windows that this start asks for. */
function paramsOf(settings: ToolEnv, operator: Address): DeploymentParams {
  const parties = {
    admin: operator,
    guardian: operator,
    treasury: operator,
    // Nobody: panels of arbiters judge challenged records.
    auditor: zeroAddress,
    arbiters: developmentJudges.arbiterKeys.map((key) => privateKeyToAccount(key).address),
  }
  const params = developmentParams(parties)
  const challengeS = Math.max(1, Math.round(settings.CHALLENGE_WINDOW_MS / 1_000))
  const channelThawS = Math.max(2, Math.round(settings.WITHDRAW_THAW_MS / 1_000))
  // Stake outlasts the judging of its last record; no epoch waits for a record past the thaw of the channel that pays.
  const longestRecordS = 2 * challengeS + params.rulingS + params.marginS
  return {
    ...params,
    challengeS,
    channelThawS,
    graceS: Math.min(Math.max(params.graceS, longestRecordS), channelThawS - 1),
    stakeThawS: Math.max(params.stakeThawS, longestRecordS),
  }
}
