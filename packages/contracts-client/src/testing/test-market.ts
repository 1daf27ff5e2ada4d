/** A deployed marketplace on a test chain: an operator, a payer, a provider and a lane, each with a key of its own. */
import { addressOfKey, addressToBytes32, merkleRoot, receiptLeaf, signStruct, termsHashOf } from '@isochrone/protocol'
import { ZERO_BYTES32 } from '@isochrone/protocol'
import type {
  DeliveryReceipt,
  EpochAnchor,
  LeaseReceipt,
  PerformanceRecord,
  Signed,
  SlaCounts,
  Terms,
  Voucher,
} from '@isochrone/protocol'
import { keccak256, pad, stringToHex, type Address, type Hex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'

import { addLane } from '../actions/add-lane.ts'
import { deployIsochrone } from '../actions/deploy-isochrone.ts'
import { mintTestUsdc } from '../actions/mint-test-usdc.ts'
import { provision } from '../actions/provision.ts'
import { signLaneKey } from '../actions/sign-lane-key.ts'
import { createChainClient, type ChainWriter } from '../chain-client.ts'
import { developmentParams } from '../deployment-params.ts'
import type { Deployment, DeploymentParams } from '../deployment.ts'
import { createTransactionSender } from '../transactions/transaction-sender.ts'
import { testKeys, type TestChain } from './start-test-chain.ts'

export const laneKey = keccak256(stringToHex('lane'))
export const nodeKey = keccak256(stringToHex('node'))
export const lane = addressToBytes32(addressOfKey(laneKey))
export const nodeId = addressToBytes32(addressOfKey(nodeKey))
export const treasury = '0x7ea5000000000000000000000000000000000001'
export const payout = '0xcafe000000000000000000000000000000000001'
export const salt = (text: string): Hex => pad(stringToHex(text))
/** The six arbiters, who are accounts of their own. */
export const arbiterKeys = testKeys.slice(4)

export type TestMarket = Awaited<ReturnType<typeof deployTestMarket>>

export async function deployTestMarket(
  { rpcUrl, profile }: Pick<TestChain, 'rpcUrl' | 'profile'>,
  overrides: Partial<DeploymentParams> = {},
) {
  const publicClient = createChainClient(rpcUrl)
  const senderOf = (key: Hex) =>
    createTransactionSender({ publicClient, account: privateKeyToAccount(key), profile, pollMs: 10 })
  const sender = senderOf(testKeys[0])
  const admin = sender.account.address
  const arbiters = arbiterKeys.map((key) => privateKeyToAccount(key).address)
  const params: DeploymentParams = {
    ...developmentParams({ admin, guardian: admin, auditor: admin, arbiters, treasury }),
    feeBps: 250,
    ...overrides,
  }
  const deployment: Deployment = await deployIsochrone({ publicClient, sender, params })
  const writerOf = (key: Hex): ChainWriter => ({ publicClient, deployment, sender: senderOf(key) })
  const operator: ChainWriter = { publicClient, deployment, sender }
  const { chainId, addresses } = deployment
  const domainOf = (verifyingContract: Address) => ({ chainId, verifyingContract })

  return {
    deployment,
    operator,
    payer: writerOf(testKeys[1]),
    provider: writerOf(testKeys[2]),
    writerOf,
    /** The lane with the stake that its admission asks for. */
    async admitLane(): Promise<void> {
      const amount = BigInt(params.laneStakeMinMicroUsd)
      await mintTestUsdc(operator, { to: admin, amount })
      await provision(operator, { subject: lane, amount })
      await addLane(operator, signLaneKey(operator, { privateKey: laneKey, operator: admin }))
    },
    signVoucher: (value: Omit<Voucher, 'lane'>): Signed<Voucher> =>
      signStruct(domainOf(addresses.channels), 'Voucher', { ...value, lane }, laneKey),
    /** The anchor of an epoch that holds these receipts. */
    signAnchor: (epoch: number, receipts: readonly DeliveryReceipt[]): Signed<EpochAnchor> => {
      const root = merkleRoot(receipts.map((receipt) => receiptLeaf('DeliveryReceipt', receipt)))
      const sum = receipts.reduce((total, { price }) => total + price, 0n)
      const seqs = receipts.map(({ seq }) => seq)
      const [fromSeq, toSeq] = [Math.min(...seqs), Math.max(...seqs)]
      const value = { lane, epoch, root, count: receipts.length, sum, dataHash: keccak256(root), fromSeq, toSeq }
      return signStruct(domainOf(addresses.anchor), 'EpochAnchor', value, laneKey)
    },
    /** The anchor of an epoch that holds one lease receipt, whose proof is therefore empty. */
    signLeaseAnchor: (epoch: number, lease: LeaseReceipt): Signed<EpochAnchor> => {
      const [root, { price: sum, seq }] = [receiptLeaf('LeaseReceipt', lease), lease]
      const value = { lane, epoch, root, count: 1, sum, dataHash: keccak256(root), fromSeq: seq, toSeq: seq }
      return signStruct(domainOf(addresses.anchor), 'EpochAnchor', value, laneKey)
    },
    /** The record of our node, signed by both. */
    signRecord: (value: PerformanceRecord) => ({
      record: signStruct(domainOf(addresses.ledger), 'PerformanceRecord', value, laneKey),
      nodeSignature: signStruct(domainOf(addresses.ledger), 'PerformanceRecord', value, nodeKey).signature,
    }),
    signDelivery: (value: DeliveryReceipt): Signed<DeliveryReceipt> =>
      signStruct(domainOf(addresses.channels), 'DeliveryReceipt', value, laneKey),
    proveNodeKey: (providerId: Hex): Hex => {
      const value = { providerId, nodeKey: addressOfKey(nodeKey) }
      return signStruct(domainOf(addresses.registry), 'NodeKey', value, nodeKey).signature
    },
  }
}

/** Terms without promises, at 1 µUSD a token. */
export function termsOf(providerId: Hex, changes: Partial<Terms> = {}): Terms {
  return {
    providerId,
    documentHash: salt('document'),
    inPerMtok: 1_000_000,
    cachedPerMtok: 1_000_000,
    outPerMtok: 1_000_000,
    inPerGb: 0,
    outPerGb: 0,
    perGpuHour: 0,
    ttftBaseMs: 0,
    ttftPerKtokMs: 0,
    tpotUs: 0,
    concurrencyMax: 0,
    penaltyBps: 0,
    sloRegion: '0x0000000000000000',
    ...changes,
  }
}

export { termsHashOf }

/** A delivery receipt of this price; `seq` tells receipts apart. */
export function deliveryOf(
  channelId: Hex,
  seq: number,
  price: bigint,
  termsHash: Hex = salt('terms'),
): DeliveryReceipt {
  return {
    workHash: ZERO_BYTES32,
    channelId,
    requestId: keccak256(stringToHex(`request ${seq}`)),
    attempt: 0,
    nodeId,
    lane,
    seq,
    termsHash,
    billedIn: 10,
    billedCached: 0,
    billedOut: 20,
    bytesIn: 100,
    bytesOut: 200,
    price,
    attemptTtftMs: 30,
    durationMs: 400,
    startedAtMs: 1_800_000_000_000,
    httpStatus: 200,
    fault: 0,
    region: '0x65752d6465000000',
  }
}

/** Counts of our payer's samples at our node that say nothing bad. */
export function countsOf(
  values: Pick<SlaCounts, 'channelId' | 'epoch' | 'termsHash' | 'spent'> & Partial<SlaCounts>,
): SlaCounts {
  const none = { faults: 0, ttftSamples: 0, ttftOver: 0, tpotSamples: 0, tpotOver: 0 }
  return { nodeId, lane, samples: 1, ...none, ...values }
}
