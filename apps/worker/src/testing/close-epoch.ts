/** An epoch of a test's lane with the sum and the vouchers that the test wants: on the chain, and stored as if it had just closed. */
import { bytes32Of, encodeStruct, signStruct, type Hex, type Signed, type Voucher } from '@isochrone/protocol'
import type { SettlementChain } from '@isochrone/services'
import type { TestMarket } from './test-market.ts'

export type Due = Pick<Voucher, 'channelId' | 'providerId' | 'cumulative' | 'earned'>

export interface EpochToClose {
  epoch: number
  /** Of its only receipt; the epoch's own when left out. */
  seq?: number
  /** µUSD. */
  sum: bigint
  dues: readonly Due[]
}

/** Anchored already; the worker finds that out, and claims. */
export async function closeEpoch(
  market: TestMarket,
  chain: SettlementChain,
  { epoch, seq = epoch, sum, dues }: EpochToClose,
): Promise<Signed<Voucher>[]> {
  const { chainId, addresses } = market.deployment
  const { lane, laneKey } = market.lane
  const [receiptRoot, dataHash]: [Hex, Hex] = [bytes32Of(`root ${epoch}`), bytes32Of(`file ${epoch}`)]
  const anchor = { lane, epoch, root: receiptRoot, count: 1, sum, dataHash, fromSeq: seq, toSeq: seq }
  const signed = signStruct({ chainId, verifyingContract: addresses.anchor }, 'EpochAnchor', anchor, laneKey)
  await chain.anchor(signed)
  const domain = { chainId, verifyingContract: addresses.channels }
  const vouchers = dues.map((due) => signStruct(domain, 'Voucher', { ...due, lane, epoch, receiptRoot }, laneKey))
  const at = { lane, epoch: BigInt(epoch) }
  await market.store.epochs.insertClosed(
    [
      {
        ...at,
        root: receiptRoot,
        count: 1n,
        sumMicroUsd: sum,
        dataHash,
        fromSeq: BigInt(seq),
        toSeq: BigInt(seq),
        anchor: encodeStruct('EpochAnchor', anchor),
        anchorSignature: signed.signature,
        closedAtMs: 0n,
      },
    ],
    vouchers.map(({ value, signature }) => ({
      ...at,
      channelId: value.channelId,
      providerId: value.providerId,
      cumulativeMicroUsd: value.cumulative,
      earnedMicroUsd: value.earned,
      receiptRoot,
      signature,
    })),
  )
  return vouchers
}
