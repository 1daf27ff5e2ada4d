/** Relays a lane's signed epoch: root, count, Σ price, data hash and the sequence numbers that it covers. */
import type { EpochAnchor, Signed } from '@isochrone/protocol'
import { encodeFunctionData, parseSignature, signatureToCompactSignature } from 'viem'

import { receiptAnchorAbi } from '../abi/receipt-anchor.ts'
import { toAbiStruct } from '../abi-struct.ts'
import type { ChainWriter } from '../chain-client.ts'
import { anchorOf } from '../reads/anchor-of.ts'
import { doneWhen, type WriteOutcome } from './outcome.ts'

/** Safe to retry: the same root on record counts as done, another one under that epoch does not. */
export async function anchorEpoch(
  writer: ChainWriter,
  { value, signature }: Signed<EpochAnchor>,
): Promise<WriteOutcome> {
  const { r, yParityAndS } = signatureToCompactSignature(parseSignature(signature))
  const args = [toAbiStruct('EpochAnchor', value), r, yParityAndS] as const
  const data = encodeFunctionData({ abi: receiptAnchorAbi, functionName: 'anchorCompact', args })
  const isSame = async () => (await anchorOf(writer, value.lane, value.epoch))?.root === value.root.toLowerCase()
  return doneWhen('EpochAlreadyAnchored', writer.sender.send({ to: writer.deployment.addresses.anchor, data }), isSame)
}
