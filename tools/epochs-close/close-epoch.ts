/** Asks the gateway of a running marketplace to close its epoch now. */
import type { InstanceInfo } from '../start/instance-file.ts'

export interface ClosedEpochs {
  readonly lane: string
  /** Empty when there were no receipts to close. */
  readonly epochs: readonly number[]
  /** Numbers of the lane: a delivery with its work, or a lease, is one. */
  readonly receipts: number
  /** Of the Merkle tree: a delivery and its work are two. */
  readonly leaves: number
}

/** @throws Error, one line for a person, when the gateway does not answer or refuses. */
export async function closeEpoch(instance: Pick<InstanceInfo, 'gatewayUrl' | 'internalToken'>): Promise<ClosedEpochs> {
  const response = await fetch(`${instance.gatewayUrl}/internal/v1/close-epoch`, {
    method: 'POST',
    headers: { authorization: `Bearer ${instance.internalToken}` },
    signal: AbortSignal.timeout(30_000),
  }).catch((cause: unknown) => {
    throw new Error(`The gateway at ${instance.gatewayUrl} does not answer. Is the marketplace still running?`, {
      cause,
    })
  })
  if (!response.ok) throw new Error(`The gateway refused to close its epoch: status ${response.status}.`)
  return (await response.json()) as ClosedEpochs
}
