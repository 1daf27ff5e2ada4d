/** The latest dispute about an epoch's file, whoever filed it and whatever became of it. */
import { getAbiItem, type Hex } from 'viem'

import { disputeManagerAbi } from '../abi/dispute-manager.ts'
import { withheldSubjectOf } from '../actions/file-withheld.ts'
import type { ChainReader } from '../chain-client.ts'
import { disputeKinds } from '../states.ts'
import { findLatestLog } from './find-latest-log.ts'

/** Null when nobody said that this file is withheld. Looks back as far as `scanLimits`: filing ends long before. */
export async function withheldDisputeOf(reader: ChainReader, lane: Hex, epoch: number): Promise<bigint | null> {
  const log = await findLatestLog(reader, {
    address: reader.deployment.addresses.disputes,
    event: getAbiItem({ abi: disputeManagerAbi, name: 'DisputeFiled' }),
    args: { subject: withheldSubjectOf(lane, epoch) },
    matches: ({ kind }) => disputeKinds[kind] === 'withheld',
  })
  return log === null ? null : log.args.disputeId
}
