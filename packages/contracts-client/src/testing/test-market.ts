/** A deployed marketplace on a test chain: an operator, a payer, a provider and a lane, each with a key of its own. */
import { addressOfKey, addressToBytes32, merkleRoot, receiptLeaf, signStruct, ZERO_BYTES32 } from '@isochrone/protocol'
import type { DeliveryReceipt, EpochAnchor, Signed, Voucher } from '@isochrone/protocol'
import { keccak256, pad, stringToHex, type Hex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'

import { deployIsochrone } from '../actions/deploy-isochrone.ts'
import { createChainClient, createChainWriter } from '../chain-client.ts'
import { createTransactionSender } from '../transaction-sender.ts'
import { testKeys, type TestChain } from './start-test-chain.ts'

export const laneKey = keccak256(stringToHex('lane'))
export const nodeKey = keccak256(stringToHex('node'))
export const lane = addressToBytes32(addressOfKey(laneKey))
export const treasury = '0x7ea5000000000000000000000000000000000001'
export const payout = '0xcafe000000000000000000000000000000000001'
export const salt = (text: string): Hex => pad(stringToHex(text))

export type TestMarket = Awaited<ReturnType<typeof deployTestMarket>>

export async function deployTestMarket({ rpcUrl }: Pick<TestChain, 'rpcUrl'>) {
  const publicClient = createChainClient(rpcUrl)
  const operatorAccount = privateKeyToAccount(testKeys[0])
  const sender = createTransactionSender({ publicClient, account: operatorAccount, pollMs: 10 })
  const params = { admin: operatorAccount.address, treasury, feeBps: 250, settleWindowS: 60, thawS: 600 } as const
  const deployment = await deployIsochrone({ publicClient, sender, params })
  const operator = { publicClient, deployment, sender }
  const payer = createChainWriter({ rpcUrl, deployment, privateKey: testKeys[1] })
  const provider = createChainWriter({ rpcUrl, deployment, privateKey: testKeys[2] })
  const { chainId, addresses } = deployment

  return {
    deployment,
    operator,
    payer,
    provider,
    signVoucher: (value: Omit<Voucher, 'lane'>): Signed<Voucher> =>
      signStruct({ chainId, verifyingContract: addresses.channels }, 'Voucher', { ...value, lane }, laneKey),
    /** The anchor of an epoch that holds these receipts. */
    signAnchor: (epoch: number, receipts: readonly DeliveryReceipt[]): Signed<EpochAnchor> => {
      const root = merkleRoot(receipts.map((receipt) => receiptLeaf('DeliveryReceipt', receipt)))
      const sum = receipts.reduce((total, { price }) => total + price, 0n)
      const value = { lane, epoch, root, count: receipts.length, sum, dataHash: keccak256(root) }
      return signStruct({ chainId, verifyingContract: addresses.anchor }, 'EpochAnchor', value, laneKey)
    },
    proveNodeKey: (providerId: Hex): Hex => {
      const value = { providerId, nodeKey: addressOfKey(nodeKey) }
      return signStruct({ chainId, verifyingContract: addresses.registry }, 'NodeKey', value, nodeKey).signature
    },
  }
}

/** A delivery receipt of this price; `seq` tells receipts apart. */
export function deliveryOf(channelId: Hex, seq: number, price: bigint): DeliveryReceipt {
  return {
    workHash: ZERO_BYTES32,
    channelId,
    requestId: keccak256(stringToHex(`request ${seq}`)),
    attempt: 0,
    nodeId: addressToBytes32(addressOfKey(nodeKey)),
    lane,
    seq,
    termsHash: salt('terms'),
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
