/** A marketplace for the worker's tests: contracts deployed on the stack's chain, an organisation, a provider, a node. */
import { join } from 'node:path'
import {
  addLane,
  channelIdOf,
  createChainWriter,
  createChainClient,
  createTransactionSender,
  deployIsochrone,
  developmentParams,
  developmentProfile,
  mintTestUsdc,
  partiesOf,
  providerIdOf,
  provision,
  signLaneKey,
  writeDeployment,
  type ChainProfile,
} from '@isochrone/contracts-client'
import { createDb, createStore } from '@isochrone/db'
import { chainVariables, type TestStack } from '@isochrone/local-stack'
import { addressOfKey, addressToBytes32, bytes32Of, randomBytes32, signStruct, type Hex } from '@isochrone/protocol'
import { developmentKeys, loadEnv, workerEnv } from '@isochrone/runtime'
import { makeTerms, noPromises, type MadeTerms } from '@isochrone/services'
import { testLane } from '@isochrone/services/testing'
import { privateKeyToAccount } from 'viem/accounts'

export type TestMarket = Awaited<ReturnType<typeof startTestMarket>>

export const ORG = 'org_test'
const PRICES = {
  inMicroUsdPerMtok: 1_000n,
  cachedMicroUsdPerMtok: 500n,
  outMicroUsdPerMtok: 2_000n,
  inMicroUsdPerGb: 0n,
  outMicroUsdPerGb: 0n,
}

const LANE_STAKE_MICRO_USD = 1_000_000_000n
const ARBITERS = Array.from({ length: 6 }, (_, index) => addressOfKey(bytes32Of(`arbiter ${index}`)))

export interface TestMarketOptions {
  gatewayUrl?: string
  /** Deadlines in chain seconds. */
  challengeS?: number
  graceS?: number
  channelThawS?: number
  /** Of each step of a dispute; a minute when left out, which a busy machine can take for a step. */
  disputeS?: number
  /** How the chain is to be dealt with; as the stack says, or as a chain of development with the id that it has. */
  profile?: Partial<ChainProfile>
  /** The node's promises and prices; a promise of 1 s to the first token, and prices that no receipt needs to follow, when left out. */
  termsOf?: (providerId: Hex) => MadeTerms
}

export async function startTestMarket(stack: TestStack, options: TestMarketOptions = {}) {
  const { gatewayUrl = 'http://127.0.0.1:1', challengeS = 1, graceS = 60, channelThawS = 600, disputeS } = options
  const [operatorKey, laneKey, managedWalletKey] = developmentKeys
  const publicClient = createChainClient(stack.chainRpcUrl)
  const operator = privateKeyToAccount(operatorKey)
  const profile = { ...developmentProfile(await publicClient.getChainId()), ...stack.chainProfile, ...options.profile }
  const deployment = await deployIsochrone({
    publicClient,
    sender: createTransactionSender({
      publicClient,
      account: operator,
      profile,
      pollMs: 20,
    }),
    params: {
      ...developmentParams(partiesOf(operator.address, ARBITERS)),
      challengeS,
      graceS,
      channelThawS,
      ...(disputeS !== undefined && disputeWindows(disputeS)),
    },
  })
  const deploymentFile = join(stack.dir, 'deployment.json')
  await writeDeployment(deploymentFile, deployment)
  const writer = createChainWriter({ rpcUrl: stack.chainRpcUrl, deployment, privateKey: operatorKey, profile })
  await mintTestUsdc(writer, { to: operator.address, amount: LANE_STAKE_MICRO_USD })
  await provision(writer, { subject: addressToBytes32(addressOfKey(laneKey)), amount: LANE_STAKE_MICRO_USD })
  await addLane(writer, signLaneKey(writer, { privateKey: laneKey, operator: operator.address }))

  const db = createDb(stack.databaseUrl)
  const salt = bytes32Of('salt')
  const wallet = privateKeyToAccount(managedWalletKey).address
  const channelId = channelIdOf(wallet, salt)
  const providerId = providerIdOf(operator.address, salt)
  const nodeKey = randomBytes32()
  const nodeId = addressToBytes32(addressOfKey(nodeKey))
  const terms =
    options.termsOf?.(providerId) ??
    makeTerms({
      providerId,
      prices: PRICES,
      promises: { ...noPromises, ttftBaseMs: 1_000, penaltyBps: 1_000 },
      document: {
        version: 3,
        nodeName: 'one',
        region: 'local',
        country: 'DE',
        simulated: false,
        sharedHost: false,
        tier: 'regional',
        dataPolicy: 'any',
      },
    })
  const registry = { chainId: deployment.chainId, verifyingContract: deployment.addresses.registry }
  const value = { providerId, nodeKey: addressOfKey(nodeKey) }
  const keyProof = signStruct(registry, 'NodeKey', value, nodeKey).signature

  await db.organization.create({ data: { id: ORG, name: 'Test', slug: 'test' } })
  await db.channel.create({
    data: { id: channelId, orgId: ORG, custody: 'managed', ownerAddress: wallet.toLowerCase(), salt },
  })
  await db.provider.create({
    data: {
      id: providerId,
      orgId: 'org_provider',
      name: 'Provider',
      ownerAddress: operator.address.toLowerCase(),
      payoutAddress: '0xcafe000000000000000000000000000000000001',
      salt,
      feeBps: 0,
    },
  })
  await createStore(db).providers.insertTerms({ ...terms, providerId })
  await db.node.create({
    data: {
      nodeId,
      id: 'node_1',
      name: 'one',
      providerId,
      termsHash: terms.hash,
      region: 'local',
      country: 'DE',
      failureDomain: 'one',
      keyProof,
    },
  })
  const fund = (microUsd: bigint, id = `fund_${crypto.randomUUID()}`) =>
    db.fundingOrder.create({ data: { id, orgId: ORG, microUsd, requestedBy: 'user' } })

  const env = loadEnv(workerEnv, {
    DATABASE_URL: stack.databaseUrl,
    REDIS_URL: stack.redisUrl,
    CHAIN_RPC_URL: stack.chainRpcUrl,
    DEPLOYMENT_FILE: deploymentFile,
    DATA_DIR: stack.dir,
    GATEWAY_URLS: gatewayUrl,
    ...chainVariables(stack.chainProfile),
  })
  const lane = testLane({
    laneKey,
    chainId: deployment.chainId,
    paymentChannels: deployment.addresses.channels.toLowerCase() as Hex,
    receiptAnchor: deployment.addresses.anchor.toLowerCase() as Hex,
    slaLedger: deployment.addresses.ledger.toLowerCase() as Hex,
  })
  let counter = 0
  /** A finished request's journal entry. */
  const request = (priceMicroUsd: bigint, extra: { requestId?: string; jobId?: string; answer?: unknown } = {}) =>
    lane.finish({
      requestId: `req_${String(++counter).padStart(32, '0')}`,
      orgId: ORG,
      channelId,
      providerId,
      nodeKey,
      termsHash: terms.hash,
      priceMicroUsd,
      ...extra,
    })
  const ids = { channelId, providerId, nodeId, nodeKey, terms }
  return { deployment, profile, env, db, store: createStore(db), lane, request, fund, writer, ...ids }
}

/** And of the judging of a record. Stake thaws longer than a whole dispute. */
function disputeWindows(stepS: number) {
  const steps = { rulingS: stepS, fileS: stepS, respondS: stepS, ruleS: stepS, appealS: stepS, appealRuleS: stepS }
  return { ...steps, stakeThawS: 8 * stepS, keyThawS: 8 * stepS }
}

/** Resolves with the first truthy value; fails after `limitMs`. */
export async function eventually<T>(read: () => Promise<T | false | null | undefined>, limitMs = 120_000): Promise<T> {
  const deadline = Date.now() + limitMs
  for (;;) {
    const value = await read()
    if (value) return value
    if (Date.now() > deadline) throw new Error(`not within ${limitMs} ms: ${String(read)}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
