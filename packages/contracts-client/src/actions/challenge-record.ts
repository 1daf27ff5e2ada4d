/** Says, with a bond from the sender, that a performance record is wrong. A panel of arbiters judges it. */
import { encodeFunctionData, isAddressEqual, type Hex } from 'viem'

import { slaLedgerAbi } from '../abi/sla-ledger.ts'
import type { ChainWriter } from '../chain-client.ts'
import { challengeOf } from '../reads/challenge-of.ts'
import { recordArgs, type RecordKey } from '../reads/record-key.ts'
import { approveToken } from './approve-token.ts'
import { doneWhen, type WriteOutcome } from './outcome.ts'

export interface ChallengeRecordInput extends RecordKey {
  /** µUSD; at least the ledger's least bond. Approved first where needed. */
  bond: bigint
  /** Keccak-256 of what shows it. */
  evidenceHash: Hex
}

/** Safe to retry: the sender's own challenge with the same evidence counts as done. */
export async function challengeRecord(writer: ChainWriter, input: ChallengeRecordInput): Promise<WriteOutcome> {
  const { sender, deployment } = writer
  const isOurs = async () => {
    const challenge = await challengeOf(writer, input)
    if (challenge === null || !isAddressEqual(challenge.challenger, sender.account.address)) return false
    return challenge.evidenceHash === input.evidenceHash.toLowerCase()
  }
  if (await isOurs()) return { receipt: null }
  await approveToken(writer, { spender: 'ledger', amount: input.bond })
  const args = [...recordArgs(input), input.bond, input.evidenceHash] as const
  const data = encodeFunctionData({ abi: slaLedgerAbi, functionName: 'challenge', args })
  return doneWhen('WrongStatus', sender.send({ to: deployment.addresses.ledger, data }), isOurs)
}
