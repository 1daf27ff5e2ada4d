/**
 * Stops an action of the administrator before it happens: what a watcher of the timelock is for. The sender must hold the
 * timelock's canceller role, as its proposers do.
 */
import { encodeFunctionData, getAbiItem, type Hex } from 'viem'

import { timelockControllerAbi } from '../abi/timelock-controller.ts'
import type { ChainWriter } from '../chain-client.ts'
import { findLatestLog } from '../reads/find-latest-log.ts'
import { operationStateOf } from '../reads/operation-of.ts'
import { doneWhen, type WriteOutcome } from './outcome.ts'

/**
 * Safe to retry: an operation that was cancelled counts as done. One that nobody scheduled, or that was executed, does not.
 *
 * @param operationId As `CallScheduled` names it, or `operationIdOf`.
 * @throws AppError `state_conflict` (`TimelockUnexpectedOperationState`) where there is nothing to stop, or it is too late.
 */
export async function cancelOperation(writer: ChainWriter, operationId: Hex): Promise<WriteOutcome> {
  const to = writer.deployment.addresses.timelock
  const data = encodeFunctionData({ abi: timelockControllerAbi, functionName: 'cancel', args: [operationId] })
  const isCancelled = async () => {
    if ((await operationStateOf(writer, operationId)).status !== 'unset') return false
    const event = getAbiItem({ abi: timelockControllerAbi, name: 'Cancelled' })
    return (await findLatestLog(writer, { address: to, event, args: { id: operationId } })) !== null
  }
  return doneWhen('TimelockUnexpectedOperationState', writer.sender.send({ to, data }), isCancelled)
}
