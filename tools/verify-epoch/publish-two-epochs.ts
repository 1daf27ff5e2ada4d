/** For tests of what checks epochs: a market on a real chain, and two epochs with their files, anchored and claimed. */
import { join } from 'node:path'
import {
  addLane,
  addNodeKey,
  anchorEpoch,
  channelIdOf,
  claimMany,
  createChainWriter,
  deployIsochrone,
  deposit,
  developmentParams,
  mintTestUsdc,
  openChannel,
  providerIdOf,
  provision,
  registerProvider,
  registerTerms,
  reportRecord,
  setCeiling,
  signCeiling,
  signLaneKey,
  writeDeployment,
  createChainClient,
  createTransactionSender,
  developmentProfile,
  type ChainProfile,
  type ChainWriter,
  type Deployment,
} from '@isochrone/contracts-client'
import {
  addressOfKey,
  addressToBytes32,
  bytes32Of,
  signStruct,
  type EpochFileLine,
  type Hex,
} from '@isochrone/protocol'
import { makeEpoch, type MadeEpoch, type MakeEpochOptions } from '@isochrone/verifier/testing'
import { privateKeyToAccount } from 'viem/accounts'

export const operatorKey = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80'
export const laneKey = bytes32Of('verified lane')
export const nodeKeys = [bytes32Of('verified node'), bytes32Of('another node')]
export const lane = addressToBytes32(addressOfKey(laneKey))

export interface PublishOptions {
  rpcUrl: string
  /** Where files go. */
  dir: string
  /** What differs from a chain of development. */
  profile?: Partial<ChainProfile> | undefined
  /** What else is asked of the second epoch: fewer payers, say. */
  second?: Partial<MakeEpochOptions>
  /** What the lane does to the lines of the second epoch. Then no record is reported. */
  spoil?: (made: MakeEpochOptions) => (lines: Iterable<EpochFileLine>) => Iterable<EpochFileLine>
}

export interface PublishedEpochs {
  epochs: [MadeEpoch, MadeEpoch]
  deployment: Deployment
  deploymentFile: string
  /** Epochs 7 and 8. */
  fileOf(epoch: number): string
  operator: ChainWriter
}

/** The whole market: contracts, an admitted lane, a provider with two nodes and terms, two payers; two epochs settled. */
export async function publishTwoEpochs(options: PublishOptions): Promise<PublishedEpochs> {
  const { rpcUrl, dir, spoil } = options
  const publicClient = createChainClient(rpcUrl)
  const account = privateKeyToAccount(operatorKey)
  const admin = account.address
  const profile = { ...developmentProfile(await publicClient.getChainId()), ...options.profile }
  const sender = createTransactionSender({ publicClient, account, profile, pollMs: 20 })
  const arbiters = Array.from({ length: 6 }, (_, i) => privateKeyToAccount(bytes32Of(`arbiter ${i}`)).address)
  const params = developmentParams({ admin, guardian: admin, auditor: admin, arbiters, treasury: admin })
  const deployment = await deployIsochrone({ publicClient, sender, params })
  const deploymentFile = join(dir, 'deployment.json')
  await writeDeployment(deploymentFile, deployment)
  const operator = createChainWriter({ rpcUrl, deployment, privateKey: operatorKey, profile })

  await mintTestUsdc(operator, { to: admin, amount: 100_000_000_000n })
  await provision(operator, { subject: lane, amount: BigInt(params.laneStakeMinMicroUsd) * 2n })
  await addLane(operator, signLaneKey(operator, { privateKey: laneKey, operator: admin }))
  const salt = bytes32Of('salt')
  await registerProvider(operator, { salt, payout: admin })
  const providerId = providerIdOf(admin, salt)
  const { chainId, addresses } = deployment
  for (const key of nodeKeys) {
    const value = { providerId, nodeKey: addressOfKey(key) }
    const { signature } = signStruct({ chainId, verifyingContract: addresses.registry }, 'NodeKey', value, key)
    await addNodeKey(operator, { ...value, signature })
  }
  const channelIds: Hex[] = []
  for (const name of ['channel a', 'channel b']) {
    const channelId = channelIdOf(admin, bytes32Of(name))
    await openChannel(operator, { owner: admin, salt: bytes32Of(name) })
    await deposit(operator, { channelId, amount: 1_000_000_000n })
    const amount = 1_000_000_000n
    await setCeiling(operator, {
      channelId,
      amount,
      signature: await signCeiling(operator, account, { channelId, amount }),
    })
    channelIds.push(channelId)
  }
  const lower = (address: Hex) => address.toLowerCase() as Hex
  const contracts = {
    paymentChannels: lower(addresses.channels),
    receiptAnchor: lower(addresses.anchor),
    slaLedger: lower(addresses.ledger),
  }
  const common = { receipts: 40, leaseEvery: 10, chainId, ...contracts, laneKey, nodeKeys, providerId, channelIds }
  const fileOf = (epoch: number): string => join(dir, `${epoch}.jsonl.gz`)
  const first = await makeEpoch(fileOf(7), { ...common, epoch: 7 })
  await registerTerms(operator, { providerId, termsHash: first.terms.termsHash })
  const later = { epoch: 8, fromSeq: 41, signedBefore: first.signedAfter, seed: 2, ...options.second }
  const second = await makeEpoch(fileOf(8), { ...common, ...later }, spoil?.(common))
  for (const { anchor, vouchers, records } of [first, second]) {
    await anchorEpoch(operator, anchor)
    const { skipped } = await claimMany(operator, vouchers)
    if (skipped.length > 0) throw new Error(`${skipped.length} vouchers were not paid`)
    if (!spoil) for (const record of records) await reportRecord(operator, { record, nodeSignature: null })
  }
  return { epochs: [first, second], deployment, deploymentFile, fileOf, operator }
}
