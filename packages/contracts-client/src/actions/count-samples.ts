/**
 * Adds a payer's counts of a final record to its pool, once. From 500 samples on the pool is tested, and a broken promise
 * is credited to the payer's channel out of the provider's stake. Anyone may.
 */
import type { SlaCounts, Terms } from '@isochrone/protocol'
import { encodeFunctionData, parseEventLogs, type Hex } from 'viem'

import { slaLedgerAbi } from '../abi/sla-ledger.ts'
import { toAbiStruct } from '../abi-struct.ts'
import type { ChainWriter } from '../chain-client.ts'
import { doneWhen, type WriteOutcome } from './outcome.ts'

export interface CountSamplesInput {
  counts: SlaCounts
  terms: Terms
  /** Siblings from the counts' leaf up to the record's `countsRoot`. */
  proof: readonly Hex[]
}

export interface PoolTest {
  samples: number
  broken: { availability: boolean; ttft: boolean; tpot: boolean }
  /** µUSD: what the terms say, and what stake and daily cap let through now. The rest: `collectPenalty`. */
  penalty: bigint
  credited: bigint
}

/** Safe to retry: counts that were taken before are an outcome without a receipt. `tested` is null below 500 samples. */
export async function countSamples(
  { sender, deployment }: ChainWriter,
  { counts, terms, proof }: CountSamplesInput,
): Promise<WriteOutcome & { tested: PoolTest | null }> {
  const args = [toAbiStruct('SlaCounts', counts), toAbiStruct('Terms', terms), proof] as const
  const data = encodeFunctionData({ abi: slaLedgerAbi, functionName: 'countSamples', args })
  const { receipt } = await doneWhen('CountsTaken', sender.send({ to: deployment.addresses.ledger, data }))
  const logs = receipt?.logs ?? []
  const [log] = parseEventLogs({ abi: slaLedgerAbi, logs, eventName: 'PoolTested' })
  if (log === undefined) return { receipt, tested: null }
  const { samples, brokenPromises: bits, penalty } = log.args
  const [paid] = parseEventLogs({ abi: slaLedgerAbi, logs, eventName: 'PenaltyPaid' })
  const credited = paid?.args.credited ?? 0n
  const broken = { availability: (bits & 1) !== 0, ttft: (bits & 2) !== 0, tpot: (bits & 4) !== 0 }
  return { receipt, tested: { samples, broken, penalty, credited } }
}
