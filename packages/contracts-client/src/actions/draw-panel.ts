/**
 * Draws the panel of a dispute or of its appeal. Anyone may. The draw looks at a block that nobody could know before: a
 * first call may only arm it, and a later one draws.
 */
import { encodeFunctionData, parseEventLogs, type Address } from 'viem'

import { disputeManagerAbi } from '../abi/dispute-manager.ts'
import type { ChainWriter } from '../chain-client.ts'
import { revertNamed } from '../explain-chain-error.ts'
import { disputeOf } from '../reads/dispute-of.ts'
import { panelOf } from '../reads/panel-of.ts'
import type { WriteOutcome } from './outcome.ts'

/** Safe to retry. `panel` is empty when this call only armed the draw: call again a block later. */
export async function drawPanel(
  writer: ChainWriter,
  disputeId: bigint,
): Promise<WriteOutcome & { panel: readonly Address[] }> {
  const to = writer.deployment.addresses.disputes
  const data = encodeFunctionData({ abi: disputeManagerAbi, functionName: 'drawPanel', args: [disputeId] })
  try {
    const receipt = await writer.sender.send({ to, data })
    const [drawn] = parseEventLogs({ abi: disputeManagerAbi, logs: receipt.logs, eventName: 'PanelDrawn' })
    return { receipt, panel: drawn?.args.panel ?? [] }
  } catch (error) {
    if (revertNamed(error) !== 'WrongState') throw error
    const state = (await disputeOf(writer, disputeId))?.state
    if (state !== 'drawn' && state !== 'appeal_drawn') throw error
    return { receipt: null, panel: await panelOf(writer, { disputeId, appeal: state === 'appeal_drawn' }) }
  }
}
