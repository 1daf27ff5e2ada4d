/** What became of a disputed request at each node that was tried, as far as the reader is to know. */
import { z } from 'zod'
import type { ProvidersStore } from '../ports/control-plane-store.ts'
import type { DisputesStore } from '../ports/dispute-store.ts'

const attemptJson = z.object({
  attempt: z.number(),
  nodeId: z.string(),
  outcome: z.string(),
  ttftMs: z.number().nullable(),
  durationMs: z.number(),
  message: z.string().nullable(),
})

export type DisputeAttempt = z.infer<typeof attemptJson>

export interface AttemptStores {
  disputes: Pick<DisputesStore, 'attemptsOf'>
  providers: Pick<ProvidersStore, 'nodesByNodeId'>
}

/**
 * @param ownNodesOf a provider that is told of attempts at its own nodes alone: what became of the others is their providers'
 *   business; null: all
 */
export async function disputeAttempts(
  { disputes, providers }: AttemptStores,
  requestId: string,
  ownNodesOf: string | null,
): Promise<DisputeAttempt[]> {
  const attempts = attemptJson.array().safeParse(await disputes.attemptsOf(requestId)).data ?? []
  if (ownNodesOf === null) return attempts
  const rows = await providers.nodesByNodeId([...new Set(attempts.map(({ nodeId }) => nodeId))])
  const own = new Set(rows.filter(({ providerId }) => providerId === ownNodesOf).map(({ nodeId }) => nodeId))
  return attempts.filter(({ nodeId }) => own.has(nodeId))
}
