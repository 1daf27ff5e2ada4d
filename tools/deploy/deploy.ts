/**
 * Deploys the contracts to a chain that is there: rehearsed on a local chain of the same id for what it will cost, then
 * sent with a journal, and in the end read back.
 */
import { tmpdir } from 'node:os'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '@isochrone/domain'
import {
  administeredContracts,
  assertChainId,
  assertDeploymentMatches,
  contractAbis,
  createChainClient,
  createTransactionSender,
  DEFAULT_ADMIN_ROLE,
  deployIsochrone,
  deploymentBytecode,
  roleGrantsOf,
  type ChainProfile,
  type Deployment,
  type DeploymentParams,
  type TransactionRequest,
  type TransactionSender,
} from '@isochrone/contracts-client'
import { freePort, jsonRpc, startAnvil } from '@isochrone/local-stack'
import { decodeFunctionData, formatEther, getAddress, type Address, type Hex, type PublicClient } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { openDeployJournal } from './deploy-journal.ts'
import { planHash, refuseDevelopment } from './deploy-plan.ts'
import { createResumingSender } from './resuming-sender.ts'

export interface DeployOptions {
  rpcUrl: string
  privateKey: Hex
  profile: ChainProfile
  params: DeploymentParams
  token?: Address
  journalFile: string
  dryRun: boolean
  say: (line: string) => void
}

/** @throws AppError in one sentence: what stands in the way. Null after a dry run. */
export async function deploy(given: DeployOptions): Promise<Deployment | null> {
  const options = given.token === undefined ? given : { ...given, token: getAddress(given.token) }
  const { rpcUrl, privateKey, profile, params, token, journalFile, dryRun, say } = options
  const { chainId } = profile
  const account = privateKeyToAccount(privateKey)
  refuseDevelopment(chainId, account.address, params, token)
  const publicClient = createChainClient(rpcUrl)
  await assertChainId(publicClient, chainId)
  const tokenCode = token === undefined ? undefined : await publicClient.getCode({ address: token })
  if (token !== undefined && tokenCode === undefined)
    throw new AppError('invalid_input', {
      publicMessage: `Chain ${chainId} has no contract at ${token}, where the token should be.`,
    })

  const journal = await openDeployJournal(journalFile, {
    chainId,
    account: account.address,
    plan: planHash(params, token),
  })
  if (journal.size > 0) say(`Going on with ${journalFile}: ${journal.size} transactions were sent before.`)
  else await rehearse(options, publicClient, account.address, tokenCode)
  if (dryRun) return null

  const pollMs = Math.min(2_000, Math.max(50, profile.blockTimeMs / 10))
  const inner = createTransactionSender({ publicClient, account, profile, pending: journal })
  const onDone = (
    request: TransactionRequest,
    receipt: { transactionHash: Hex; gasUsed: bigint; effectiveGasPrice: bigint },
    isNew: boolean,
  ) =>
    say(
      `${isNew ? 'sent' : 'was sent'}  ${nameOf(request).padEnd(28)} ${receipt.transactionHash}  ${formatEther(receipt.gasUsed * receipt.effectiveGasPrice)}`,
    )
  const sender = createResumingSender({ publicClient, sender: inner, journal, onDone, pollMs })
  const deployment = await deployIsochrone({ publicClient, sender, params, ...(token !== undefined && { token }) })
  await readBack(publicClient, deployment, account.address)
  return deployment
}

/** On a local chain of the same id, from the same number on: what each transaction takes, and that none is refused. */
async function rehearse(
  { privateKey, profile, params, token, say }: DeployOptions,
  publicClient: PublicClient,
  account: Address,
  tokenCode: Hex | undefined,
): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'isochrone-rehearsal-'))
  const port = await freePort()
  const chain = await startAnvil({
    stateFile: undefined,
    logFile: join(dir, 'anvil.log'),
    port,
    chainId: profile.chainId,
    tickMs: 0,
  })
  try {
    const local = createChainClient(chain.url)
    const nonce = await publicClient.getTransactionCount({ address: account })
    await jsonRpc(chain.url, 'anvil_setBalance', [account, `0x${(10n ** 24n).toString(16)}`])
    await jsonRpc(chain.url, 'anvil_setNonce', [account, `0x${nonce.toString(16)}`])
    await jsonRpc(chain.url, 'anvil_impersonateAccount', [account])
    if (token !== undefined) await jsonRpc(chain.url, 'anvil_setCode', [token, tokenCode])
    const gasPrice = await publicClient.getGasPrice()
    let gas = 0n
    let turn: Promise<unknown> = Promise.resolve()
    const sender: TransactionSender = {
      account: privateKeyToAccount(privateKey),
      reconcile: async () => ({ final: 0, open: 0, lost: 0 }),
      /** One after the other. Nothing is signed: what the key signs for this id and number would be good on the chain. */
      async send(request) {
        const sending = turn.then(async () => {
          const hash = await jsonRpc<Hex>(chain.url, 'eth_sendTransaction', [{ from: account, ...request }], 30_000)
          await jsonRpc(chain.url, 'evm_mine', [], 30_000)
          return local.waitForTransactionReceipt({ hash, pollingInterval: 20, timeout: 30_000 })
        })
        turn = sending.catch(() => {})
        const receipt = await sending
        if (receipt.status !== 'success') throw notAsPlanned(`${nameOf(request)} was refused in the rehearsal`)
        gas += receipt.gasUsed
        const cost = formatEther(receipt.gasUsed * gasPrice)
        say(`plan  ${nameOf(request).padEnd(28)} ${receipt.gasUsed} gas, about ${cost}`)
        return receipt
      },
    }
    await deployIsochrone({ publicClient: local, sender, params, ...(token !== undefined && { token }) })
    const [cost, balance] = [gas * gasPrice, await publicClient.getBalance({ address: account })]
    say(`In all ${gas} gas: about ${formatEther(cost)} at the price of now; ${account} holds ${formatEther(balance)}.`)
    if (balance < cost)
      throw new AppError('insufficient_balance', {
        publicMessage: `${account} holds ${formatEther(balance)}, and about ${formatEther(cost)} is needed for gas.`,
      })
  } finally {
    await chain.stop()
    await rm(dir, { recursive: true, force: true })
  }
}

/** The chain is asked again for all that was deployed: code, roles, and that the deployer keeps none. */
async function readBack(publicClient: PublicClient, deployment: Deployment, deployer: Address): Promise<void> {
  await assertDeploymentMatches(publicClient, deployment)
  const abi = contractAbis.channels
  const holds = (contract: keyof Deployment['addresses'], role: Hex, holder: Address) =>
    publicClient.readContract({
      address: deployment.addresses[contract],
      abi,
      functionName: 'hasRole',
      args: [role, holder],
    })
  for (const { contract, name, role, holder } of roleGrantsOf(deployment)) {
    if (!(await holds(contract, role, holder))) throw notAsPlanned(`${holder} should hold ${name} of ${contract}`)
  }
  for (const contract of [...administeredContracts, 'timelock'] as const) {
    if (await holds(contract, DEFAULT_ADMIN_ROLE, deployer))
      throw notAsPlanned(`the deployer still administers ${contract}`)
  }
}

function nameOf({ to, data }: TransactionRequest): string {
  if (to === undefined) {
    const found = Object.entries(deploymentBytecode).find(([, code]) => data.startsWith(code))
    return `deploy ${found?.[0] ?? 'a contract'}`
  }
  for (const abi of [contractAbis.channels, contractAbis.registry]) {
    try {
      return decodeFunctionData({ abi, data }).functionName
    } catch {
      continue
    }
  }
  return 'call'
}

function notAsPlanned(what: string): AppError {
  return new AppError('state_conflict', { publicMessage: `The chain does not hold what was deployed: ${what}.` })
}
