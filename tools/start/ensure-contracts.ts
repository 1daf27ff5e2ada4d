/**
 * The contracts that this marketplace runs on: those recorded for its chain, else freshly deployed ones.
 *
 * New bytecode over kept chain state is refused with a clear line (by `assertDeploymentMatches`), never patched over.
 * The gateway's key is admitted as a lane, once.
 */
import {
  addLane,
  assertDeploymentMatches,
  createChainClient,
  createChainWriter,
  createTransactionSender,
  deployIsochrone,
  isLane,
  readDeployment,
  writeDeployment,
} from '@isochrone/contracts-client'
import { loadEnv, toolEnv } from '@isochrone/runtime'
import { pad } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'

export interface EnsureContractsOptions {
  readonly rpcUrl: string
  readonly deploymentFile: string
  readonly env: Readonly<Record<string, string>>
}

/** Basis points that the platform keeps of what providers earn in a development deployment. */
const developmentFeeBps = 500

/** @throws AppError `state_conflict` in one sentence when chain and code do not fit together. */
export async function ensureContracts({ rpcUrl, deploymentFile, env }: EnsureContractsOptions): Promise<void> {
  const settings = loadEnv(toolEnv, env)
  const publicClient = createChainClient(rpcUrl)
  const operator = privateKeyToAccount(settings.OPERATOR_KEY)
  let deployment = await readDeployment(deploymentFile)
  if (deployment) {
    await assertDeploymentMatches(publicClient, deployment)
  } else {
    deployment = await deployIsochrone({
      publicClient,
      sender: createTransactionSender({ publicClient, account: operator }),
      params: {
        admin: operator.address,
        treasury: operator.address,
        feeBps: developmentFeeBps,
        settleWindowS: Math.max(1, Math.round(settings.CHALLENGE_WINDOW_MS / 1_000)),
        thawS: Math.round(settings.WITHDRAW_THAW_MS / 1_000),
      },
    })
    await writeDeployment(deploymentFile, deployment)
  }
  const writer = createChainWriter({ rpcUrl, deployment, privateKey: settings.OPERATOR_KEY })
  const lane = privateKeyToAccount(settings.GATEWAY_KEY).address
  if (!(await isLane(writer, pad(lane)))) await addLane(writer, lane)
}
