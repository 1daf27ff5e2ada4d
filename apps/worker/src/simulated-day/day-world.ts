/**
 * The world of a simulated day: a real chain with the real contracts, a real Postgres, two lanes, two providers with two
 * nodes each, three payers with wallets, one whose channel is managed, six arbiters, and a stranger with money.
 *
 * Every key comes from the seed. Journal entries that lanes have written wait in `outbox` until they are stored.
 */
import {
  addLane,
  approveToken,
  channelIdOf,
  createChainClient,
  createChainWriter,
  createTransactionSender,
  deployIsochrone,
  developmentParams,
  developmentProfile,
  mintTestUsdc,
  partiesOf,
  providerIdOf,
  provision,
  signLaneKey,
  type ChainProfile,
  type ChainReader,
  type ChainWriter,
  type Time,
} from '@isochrone/contracts-client'
import { createDb, createStore } from '@isochrone/db'
import { type TestStack } from '@isochrone/local-stack'
import {
  addressOfKey,
  addressToBytes32,
  bytes32Of,
  signStruct,
  type EpochAnchor,
  type Hex,
  type RequestFinishedEntry,
  type Signed,
  type Voucher,
} from '@isochrone/protocol'
import { developmentKeys } from '@isochrone/runtime'
import { makeTerms, noPromises, type MadeTerms } from '@isochrone/services'
import { testLane } from '@isochrone/services/testing'
import { createPublicClient, http } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import type { DayChain, DayChainKind } from './day-chain.ts'
import type { DayDraws } from './day-draws.ts'

export type DayWorld = Awaited<ReturnType<typeof createDayWorld>>
export type Lane = ReturnType<typeof testLane>

export interface Payer {
  orgId: string
  channelId: Hex
  /** Null for the managed one: the platform's wallet acts for it. */
  wallet: ChainWriter | null
}
export interface Provider {
  id: Hex
  payout: Hex
  nodeKeys: Hex[]
  terms: MadeTerms
}
/** What a lane has closed, as far as anybody needs it later. */
export interface ClosedEpoch {
  lane: Lane
  epoch: number
  receipts: RequestFinishedEntry[]
  /** Public, as in its file. */
  vouchers: Signed<Voucher>[]
  anchor: Signed<EpochAnchor>
}

export const TREASURY: Hex = '0x7ea5000000000000000000000000000000000001'
const WEALTH_MICRO_USD = 1_000_000_000_000n
const ETHER = '0x3635c9adc5dea00000'
const ZERO_PRICES = {
  inMicroUsdPerMtok: 1_000n,
  cachedMicroUsdPerMtok: 500n,
  outMicroUsdPerMtok: 2_000n,
  inMicroUsdPerGb: 0n,
  outMicroUsdPerGb: 0n,
}

/** What every process of the day takes its time and its chances from. */
export interface DayMeans {
  chain: DayChain
  time: Time
  draws: DayDraws
  dayChain: DayChainKind
}

export async function createDayWorld(stack: TestStack, seed: number, { chain, time, draws, dayChain }: DayMeans) {
  const keyOf = (name: string): Hex => bytes32Of(`day ${seed} ${name}`)
  const [operatorKey, , managedWalletKey] = developmentKeys
  const publicClient = createChainClient(chain.url)
  const rpc = async (method: string, params: unknown[] = []): Promise<unknown> =>
    // The methods are anvil's own, which viem's types of a public client do not know.
    publicClient.request({ method, params } as never)
  const chainId = await publicClient.getChainId()
  const { confirmations, finality, feeModel } = dayChain
  const local: ChainProfile = { ...developmentProfile(chainId), blockTimeMs: 100, feeModel }
  const profile: ChainProfile = { ...local, confirmations, finality }
  const operatorAccount = privateKeyToAccount(operatorKey)
  const random = (below: number) => draws.below('gas of people', below)
  const auditorKey = keyOf('auditor')
  const laneOperatorKey = keyOf('lane operator')
  // Not the worker's account: two senders of one account would take each other's numbers.
  const administratorKey = keyOf('administrator')
  const arbiterKeys = Array.from({ length: 6 }, (_, index) => keyOf(`arbiter ${index}`))
  const parties = {
    ...partiesOf(operatorAccount.address, arbiterKeys.map(addressOfKey)),
    treasury: TREASURY,
    admin: addressOfKey(administratorKey),
    guardian: addressOfKey(administratorKey),
    auditor: addressOfKey(auditorKey),
  }
  const deployment = await deployIsochrone({
    publicClient,
    sender: createTransactionSender({ publicClient, account: operatorAccount, profile: local, time, random }),
    params: {
      ...developmentParams(parties),
      laneStakeMinMicroUsd: '1000000',
      challengeBondMicroUsd: '1000000',
      disputeBondMicroUsd: '1000000',
      falseRecordPenaltyMicroUsd: '3000000',
      appealBondMicroUsd: '2000000',
      // Long enough that some disputes and challenges come in time while others do not.
      challengeS: 300,
      graceS: 900,
      channelThawS: 1_200,
      fileS: 3_000,
      stakeThawS: 6_000,
    },
  })
  const writerOf = async (privateKey: Hex): Promise<ChainWriter> => {
    await rpc('anvil_setBalance', [addressOfKey(privateKey), ETHER])
    return createChainWriter({ rpcUrl: chain.url, deployment, privateKey, profile: local, time, random })
  }
  const operator = await writerOf(operatorKey)
  const stranger = await writerOf(keyOf('stranger'))
  const auditor = await writerOf(auditorKey)
  const laneOperator = await writerOf(laneOperatorKey)
  const administrator = await writerOf(administratorKey)
  const arbiters = await Promise.all(arbiterKeys.map(writerOf))
  await rpc('anvil_setBalance', [addressOfKey(managedWalletKey), ETHER])
  await mintTestUsdc(operator, { to: operatorAccount.address, amount: 10_000_000_000n })
  await endow(stranger)

  /** Money, and leave for the contracts to take it: once, so that the day's steps are one transaction each. */
  async function endow(writer: ChainWriter): Promise<void> {
    await mintTestUsdc(writer, { to: writer.sender.account.address, amount: WEALTH_MICRO_USD })
    for (const spender of ['channels', 'ledger', 'disputes'] as const) {
      await approveToken(writer, { spender, amount: WEALTH_MICRO_USD })
    }
  }

  const db = createDb(stack.databaseUrl)
  const store = createStore(db)
  const lanes: Lane[] = []
  for (const name of ['lane 0', 'lane 1']) {
    const laneKey = keyOf(name)
    await provision(operator, { subject: addressToBytes32(addressOfKey(laneKey)), amount: 50_000_000n })
    await addLane(
      administrator,
      signLaneKey(operator, { privateKey: laneKey, operator: addressOfKey(laneOperatorKey) }),
    )
    const { channels, anchor, ledger } = deployment.addresses
    lanes.push(testLane({ laneKey, chainId, paymentChannels: channels, receiptAnchor: anchor, slaLedger: ledger }))
  }

  const payers: Payer[] = []
  for (const name of ['payer 0', 'payer 1', 'payer 2', 'managed']) {
    const isManaged = name === 'managed'
    const key = isManaged ? managedWalletKey : keyOf(name)
    const wallet = await writerOf(key)
    const { address } = wallet.sender.account
    const [orgId, salt] = [`org_${name.replace(' ', '_')}`, bytes32Of(name)]
    const channelId = channelIdOf(address, salt)
    await db.organization.create({ data: { id: orgId, name, slug: orgId } })
    const custody = isManaged ? 'managed' : 'wallet'
    await store.funding.insertChannel({ id: channelId, orgId, custody, ownerAddress: address.toLowerCase(), salt })
    payers.push({ orgId, channelId, wallet: isManaged ? null : wallet })
    if (!isManaged) await endow(wallet)
  }

  const providers: Provider[] = []
  for (const name of ['provider 0', 'provider 1']) providers.push(await createProvider(name))

  /** Rows as the web app writes them; the worker takes them to the chain. */
  async function createProvider(name: string): Promise<Provider> {
    const salt = bytes32Of(name)
    const id = providerIdOf(operatorAccount.address, salt)
    const [orgId, payout] = [`org_${name.replace(' ', '_')}`, addressOfKey(keyOf(`${name} payout`))]
    const ownerAddress = operatorAccount.address.toLowerCase()
    await store.providers.insert({ id, orgId, name, ownerAddress, payoutAddress: payout, salt, feeBps: 0 })
    const document = { version: 3, nodeName: name, region: 'local', country: 'DE', simulated: false } as const
    const terms = makeTerms({
      providerId: id,
      prices: ZERO_PRICES,
      promises: { ...noPromises, ttftBaseMs: 1_000, penaltyBps: 1_000 },
      document: { ...document, sharedHost: false, tier: 'regional', dataPolicy: 'any' },
    })
    await store.providers.insertTerms({ ...terms, providerId: id })
    const nodeKeys = [keyOf(`${name} node 0`), keyOf(`${name} node 1`)]
    const registry = { chainId, verifyingContract: deployment.addresses.registry }
    for (const nodeKey of nodeKeys) {
      const claim = { providerId: id, nodeKey: addressOfKey(nodeKey) }
      const keyProof = signStruct(registry, 'NodeKey', claim, nodeKey).signature
      const nodeId = addressToBytes32(addressOfKey(nodeKey))
      const place = { region: 'local', country: 'DE', failureDomain: nodeId }
      const of = { providerId: id, termsHash: terms.hash, keyProof }
      await db.node.create({
        data: { nodeId, id: `node_${nodeId.slice(-8)}`, name: nodeId.slice(-8), ...of, ...place },
      })
    }
    return { id, payout, nodeKeys, terms }
  }

  // For looking at everything after every step: straight at the chain, many questions at a time.
  const batched = http(stack.chainRpcUrl, { batch: true })
  const reader: ChainReader = { publicClient: createPublicClient({ transport: batched, cacheTime: 0 }), deployment }
  const writers = {
    reader,
    operator,
    stranger,
    auditor,
    laneOperator,
    administrator,
    arbiters,
    managedAddress: addressOfKey(managedWalletKey),
  }
  return {
    chain,
    time,
    deployment,
    profile,
    operatorKey,
    managedWalletKey,
    db,
    store,
    lanes,
    payers,
    providers,
    ...writers,
    outbox: [] as unknown[],
    closed: [] as ClosedEpoch[],
  }
}
