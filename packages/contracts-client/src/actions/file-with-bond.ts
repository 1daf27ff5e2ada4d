/** What filing any dispute has in common: the bond is approved, and a live dispute of the sender's own is found again. */
import type { DisputeKind } from '@isochrone/domain'
import { getAbiItem, isAddressEqual, parseEventLogs, type Hex } from 'viem'

import { disputeManagerAbi } from '../abi/dispute-manager.ts'
import type { ChainWriter } from '../chain-client.ts'
import { revertNamed } from '../explain-chain-error.ts'
import { disputeBonds } from '../reads/dispute-bonds.ts'
import { disputeOf } from '../reads/dispute-of.ts'
import { findLatestLog } from '../reads/find-latest-log.ts'
import { closedDisputeStates, disputeKinds } from '../states.ts'
import { approveToken } from './approve-token.ts'
import type { WriteOutcome } from './outcome.ts'

export type FiledDispute = WriteOutcome & { disputeId: bigint }

export interface FileWithBondInput {
  data: Hex
  kind: DisputeKind
  subject: Hex
}

export async function fileWithBond(
  writer: ChainWriter,
  { data, kind, subject }: FileWithBondInput,
): Promise<FiledDispute> {
  const { sender, deployment } = writer
  await approveToken(writer, { spender: 'disputes', amount: (await disputeBonds(writer)).file })
  try {
    const receipt = await sender.send({ to: deployment.addresses.disputes, data })
    const logs = parseEventLogs({ abi: disputeManagerAbi, logs: receipt.logs, eventName: 'DisputeFiled' })
    const filed = logs[0]
    if (filed === undefined) throw new Error(`transaction ${receipt.transactionHash} filed no dispute`)
    return { receipt, disputeId: filed.args.disputeId }
  } catch (error) {
    const disputeId = revertNamed(error) === 'LiveDispute' ? await ownLiveDispute(writer, subject, kind) : null
    if (disputeId === null) throw error
    return { receipt: null, disputeId }
  }
}

async function ownLiveDispute(writer: ChainWriter, subject: Hex, kind: DisputeKind): Promise<bigint | null> {
  const log = await findLatestLog(writer, {
    address: writer.deployment.addresses.disputes,
    event: getAbiItem({ abi: disputeManagerAbi, name: 'DisputeFiled' }),
    args: { subject },
    matches: ({ kind: code }) => disputeKinds[code] === kind,
  })
  if (log === null || !isAddressEqual(log.args.filer, writer.sender.account.address)) return null
  const dispute = await disputeOf(writer, log.args.disputeId)
  return dispute === null || closedDisputeStates.includes(dispute.state) ? null : log.args.disputeId
}
