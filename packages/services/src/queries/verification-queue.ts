/** Nodes whose checks want a person, soonest due first, with all that they were judged by; and asking for a new check. */
import { AppError } from '@isochrone/domain'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import { decodeCursor, limitOf, pageOf } from './cursor.ts'
import { checkView } from './listings.ts'
import type { Page } from './views/common.ts'
import type { QueuedNode, VerificationQueueInput } from './views/verification-queue.ts'

type Deps = Pick<ControlPlaneDeps, 'store' | 'clock'>

/** Of a check's inputs; what is beyond is in the database. */
const INPUTS_CHARACTERS_MAX = 20_000

export async function verificationQueue(
  { store, clock }: Deps,
  { show, q, cursor, limit }: VerificationQueueInput,
): Promise<Page<QueuedNode>> {
  const count = limitOf(limit)
  const nowMs = clock.nowMs()
  const rows = await store.verification.queue({
    show: show ?? 'attention',
    words: q?.trim() || null,
    now: new Date(nowMs),
    after: decodeCursor(cursor),
    limit: count + 1,
  })
  const checks = await store.verification.newestChecks(rows.map(({ nodeId }) => nodeId))
  return pageOf(
    rows,
    count,
    ({ dueAt, nodeId }) => ({ at: dueAt, id: nodeId }),
    ({ nodeId, standing, checkedAt, dueAt, ...node }) => ({
      ...node,
      standing,
      checkedAtMs: checkedAt?.getTime() ?? null,
      dueAtMs: dueAt.getTime(),
      checks: checks
        .filter((check) => check.nodeId === nodeId)
        .map((check) => ({ ...checkView(check, nowMs), inputs: inputsText(check.inputs) })),
    }),
  )
}

/** Makes a node due now; a worker checks it within seconds. Asking twice changes nothing. */
export async function recheckNode({ store, clock }: Deps, { id }: { id: string }): Promise<{ dueAtMs: number }> {
  const node = await store.providers.nodeById(id)
  if (!node || node.status === 'revoked') {
    throw new AppError('not_found', { publicMessage: 'There is no such node, or it was revoked.' })
  }
  const nowMs = clock.nowMs()
  await store.verification.makeDue(node.nodeId, new Date(nowMs))
  return { dueAtMs: nowMs }
}

function inputsText(inputs: unknown): string {
  const text = JSON.stringify(inputs, null, 2) ?? 'null'
  return text.length > INPUTS_CHARACTERS_MAX ? `${text.slice(0, INPUTS_CHARACTERS_MAX)}\n… cut` : text
}
