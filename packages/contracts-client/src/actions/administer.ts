/**
 * An action that only the administrator may take. The administrator is a timelock: the action is scheduled, waits for its
 * delay, and is executed. The sender must be a proposer and an executor of the timelock.
 */
import { AppError } from '@isochrone/domain'
import { encodeFunctionData, pad, toHex, zeroHash, type Hex } from 'viem'

import { timelockControllerAbi } from '../abi/timelock-controller.ts'
import type { ChainWriter } from '../chain-client.ts'
import type { ContractName } from '../deployment.ts'
import { operationIdOf, operationStateOf } from '../reads/operation-of.ts'
import { systemTime } from '../transactions/time.ts'
import type { WriteOutcome } from './outcome.ts'

export interface AdministerInput {
  contract: ContractName
  data: Hex
  /** The longest wait for the delay, in ms; a longer one is an error that says when to call again. */
  waitMsMax?: number
}

/** How often one and the same action can be taken over the life of a deployment. */
const REPEATS_MAX = 1_000
const POLL_MS = 200

/**
 * Safe to retry: what was scheduled before is executed, not scheduled again. Each call that finds the action done takes
 * it once more, so a caller first reads whether it is still needed.
 *
 * @throws AppError `state_conflict` while the timelock's delay runs, when it is longer than `waitMsMax`.
 */
export async function administer(writer: ChainWriter, input: AdministerInput): Promise<WriteOutcome> {
  const { sender, deployment } = writer
  const { timelock, [input.contract]: target } = deployment.addresses
  const call = { target, data: input.data }
  const salt = await openSalt(writer, call)
  const operation = [target, 0n, input.data, zeroHash, salt] as const

  if ((await operationStateOf(writer, operationIdOf({ ...call, salt }))).status === 'unset') {
    const minDelay = await writer.publicClient.readContract({
      address: timelock,
      abi: timelockControllerAbi,
      functionName: 'getMinDelay',
    })
    const args = [...operation, minDelay] as const
    const data = encodeFunctionData({ abi: timelockControllerAbi, functionName: 'schedule', args })
    await sender.send({ to: timelock, data })
  }
  await untilReady(writer, operationIdOf({ ...call, salt }), input.waitMsMax ?? 10_000)
  const data = encodeFunctionData({ abi: timelockControllerAbi, functionName: 'execute', args: operation })
  return { receipt: await sender.send({ to: timelock, data }) }
}

/** The first salt whose operation is not done yet: the same action may be needed again years later. */
async function openSalt(writer: ChainWriter, call: { target: Hex; data: Hex }): Promise<Hex> {
  for (let i = 0; i < REPEATS_MAX; i++) {
    const salt = pad(toHex(i))
    if ((await operationStateOf(writer, operationIdOf({ ...call, salt }))).status !== 'done') return salt
  }
  throw new RangeError(`The same action was taken ${REPEATS_MAX} times`)
}

async function untilReady(writer: ChainWriter, id: Hex, waitMsMax: number): Promise<void> {
  const deadlineMs = systemTime.nowMs() + waitMsMax
  for (;;) {
    const { readyAtS } = await operationStateOf(writer, id)
    const { timestamp } = await writer.publicClient.getBlock({ blockTag: 'pending' })
    if (readyAtS !== null && Number(timestamp) >= readyAtS) return
    if (systemTime.nowMs() >= deadlineMs) {
      const when = readyAtS === null ? 'later' : new Date(readyAtS * 1_000).toISOString()
      throw new AppError('state_conflict', {
        publicMessage: `The timelock holds this action until ${when}. Run it again then.`,
        details: { operation: id, readyAtS },
      })
    }
    await systemTime.sleep(POLL_MS)
  }
}
