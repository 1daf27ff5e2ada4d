/** An auditor's ruling on a challenged record. The sender must hold the AUDITOR role. */
import { encodeFunctionData, type Hex } from 'viem'

import { slaLedgerAbi } from '../abi/sla-ledger.ts'
import type { ChainWriter } from '../chain-client.ts'
import { recordArgs, type RecordKey } from '../reads/record-key.ts'
import { standingOf } from '../reads/standing-of.ts'
import { doneWhen, type WriteOutcome } from './outcome.ts'

export interface ResolveChallengeInput extends RecordKey {
  /** True: the record is wrong, and becomes invalid. */
  upheld: boolean
  /** Keccak-256 of the reasons. */
  reasonHash: Hex
}

/** Safe to retry: a record that already stands as ruled counts as done. */
export async function resolveChallenge(writer: ChainWriter, input: ResolveChallengeInput): Promise<WriteOutcome> {
  const args = [...recordArgs(input), input.upheld, input.reasonHash] as const
  const data = encodeFunctionData({ abi: slaLedgerAbi, functionName: 'resolveChallenge', args })
  const isAsRuled = async () => {
    const status = (await standingOf(writer, input))?.status
    return input.upheld ? status === 'invalid' : status === 'reported' || status === 'final'
  }
  return doneWhen('WrongStatus', writer.sender.send({ to: writer.deployment.addresses.ledger, data }), isAsRuled)
}
