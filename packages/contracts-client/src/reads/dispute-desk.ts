/** What pages about disputes ask of the chain, in one place: reads, calls to sign and rehearsals. It sends nothing. */
import { systemClock, type Clock } from '@isochrone/domain'
import type { DisputeAction } from '@isochrone/protocol'
import type { Address, Hex } from 'viem'

import type { ChainReader } from '../chain-client.ts'
import { explainChainError } from '../explain-chain-error.ts'
import { anchorOf } from './anchor-of.ts'
import { arbiters } from './arbiters.ts'
import { recordCaseOf } from './record-case-of.ts'
import type { RecordKey } from './record-key.ts'
import { disputeCalls } from './dispute-calls.ts'
import { refundedOf } from './refunded-of.ts'
import { rehearseDispute } from './rehearse-dispute.ts'

/** Every method throws `chain_unavailable` where the endpoint does not answer. */
export function disputeDesk(reader: ChainReader, clock: Clock = systemClock) {
  const { publicClient, deployment } = reader
  const { params } = deployment
  const asked = async <T>(answer: Promise<T>): Promise<T> => {
    try {
      return await answer
    } catch (error) {
      throw explainChainError(error)
    }
  }
  return {
    facts: {
      bondMicroUsd: BigInt(params.disputeBondMicroUsd),
      appealBondMicroUsd: BigInt(params.appealBondMicroUsd),
      challengeBondMicroUsd: BigInt(params.challengeBondMicroUsd),
      fileS: params.fileS,
    },
    refundedOf: (subject: Hex) => asked(refundedOf(reader, subject)),
    anchoredAtS: (lane: Hex, epoch: number) => asked(anchorOf(reader, lane, epoch)),
    /** The last block of a quiet chain may be old: our own clock counts as well, and the contract has the last word. */
    async nowS(): Promise<number> {
      const { timestamp } = await asked(publicClient.getBlock())
      return Math.max(Number(timestamp), Math.floor(clock.nowMs() / 1_000))
    },
    arbiters: async () => (await asked(arbiters(reader))).map((address) => address.toLowerCase()),
    recordCase: (record: RecordKey) => asked(recordCaseOf(reader, record)),
    calls: (from: Address, step: DisputeAction) => asked(disputeCalls(reader, from, step)),
    rehearse: (from: Address, step: DisputeAction) => asked(rehearseDispute(reader, from, step)),
  }
}
