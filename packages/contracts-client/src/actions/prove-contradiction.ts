/**
 * Verdicts that signatures alone prove: two outputs for one attempt, two deliveries under one number, a price that does
 * not follow from its terms. The offender is slashed at once, and the sender is paid a share. Anyone may.
 */
import type { DeliveryReceipt, LeaseReceipt, Signed, Terms, WorkReceipt } from '@isochrone/protocol'
import { encodeFunctionData, parseEventLogs, type Hex } from 'viem'

import { contradictionsAbi } from '../abi/contradictions.ts'
import { toAbiStruct } from '../abi-struct.ts'
import type { ChainWriter } from '../chain-client.ts'
import { doneWhen, type WriteOutcome } from './outcome.ts'

/** µUSD: what the offender lost, and what of it the sender was paid. */
export interface ProvenContradiction {
  offender: Hex
  slashed: bigint
  reward: bigint
}

/** Safe to retry: a contradiction that was proven before is an outcome without a receipt, `proven` null. */
export type ContradictionOutcome = WriteOutcome & { proven: ProvenContradiction | null }

/** Two outputs for one (request, attempt, node), both signed by the node: slashes the provider. */
export async function proveTwoOutputs(
  writer: ChainWriter,
  [a, b]: readonly [Signed<WorkReceipt>, Signed<WorkReceipt>],
): Promise<ContradictionOutcome> {
  const args = [
    toAbiStruct('WorkReceipt', a.value),
    a.signature,
    toAbiStruct('WorkReceipt', b.value),
    b.signature,
  ] as const
  return prove(writer, encodeFunctionData({ abi: contradictionsAbi, functionName: 'proveTwoOutputs', args }))
}

/** Two deliveries for one (lane, seq), both signed by the lane: slashes the lane. */
export async function proveTwoDeliveries(
  writer: ChainWriter,
  [a, b]: readonly [Signed<DeliveryReceipt>, Signed<DeliveryReceipt>],
): Promise<ContradictionOutcome> {
  const [first, second] = [toAbiStruct('DeliveryReceipt', a.value), toAbiStruct('DeliveryReceipt', b.value)]
  const args = [first, a.signature, second, b.signature] as const
  return prove(writer, encodeFunctionData({ abi: contradictionsAbi, functionName: 'proveTwoDeliveries', args }))
}

/** A delivery's price that does not follow from the terms that it names, signed by the lane: slashes the lane. */
export async function proveWrongPrice(
  writer: ChainWriter,
  { value, signature }: Signed<DeliveryReceipt>,
  terms: Terms,
): Promise<ContradictionOutcome> {
  const args = [toAbiStruct('DeliveryReceipt', value), signature, toAbiStruct('Terms', terms)] as const
  return prove(writer, encodeFunctionData({ abi: contradictionsAbi, functionName: 'proveWrongPrice', args }))
}

/** The same of a lease. */
export async function proveWrongLeasePrice(
  writer: ChainWriter,
  { value, signature }: Signed<LeaseReceipt>,
  terms: Terms,
): Promise<ContradictionOutcome> {
  const args = [toAbiStruct('LeaseReceipt', value), signature, toAbiStruct('Terms', terms)] as const
  return prove(writer, encodeFunctionData({ abi: contradictionsAbi, functionName: 'proveWrongLeasePrice', args }))
}

async function prove({ sender, deployment }: ChainWriter, data: Hex): Promise<ContradictionOutcome> {
  const { receipt } = await doneWhen(
    'ContradictionTaken',
    sender.send({ to: deployment.addresses.contradictions, data }),
  )
  const logs = parseEventLogs({ abi: contradictionsAbi, logs: receipt?.logs ?? [], eventName: 'ContradictionProven' })
  const log = logs[0]
  if (log === undefined) return { receipt, proven: null }
  const { offender, slashed, reward } = log.args
  return { receipt, proven: { offender, slashed, reward } }
}
