/** The desk's queue: disputes and challenged records in one list, what is due first on top, and figures over all that is open. */
import { AppError, openDisputeStates } from '@isochrone/domain'
import type { DisputeRow, QueuePlace } from '../ports/dispute-store.ts'
import type { RecordRow } from '../ports/evidence-readings.ts'
import { limitOf } from '../queries/cursor.ts'
import { nodeRefs } from '../queries/node-refs.ts'
import { recordSummary } from '../queries/records.ts'
import type { Page } from '../queries/views/common.ts'
import type { DisputeDeps } from './place-order.ts'
import { providerNames } from './provider-names.ts'
import { disputeView, type DeskFigures, type DeskItem } from './views.ts'

export interface DeskQueueInput {
  /** Only what can still be ruled on, answered, appealed or executed. */
  open?: boolean | undefined
  cursor?: string | undefined
  limit?: number | undefined
}

/** Open ones: nearest deadline first; all: latest deadline first. Of equal deadlines the dearest first. */
export async function deskQueue(
  deps: DisputeDeps,
  input: DeskQueueInput,
): Promise<Page<DeskItem> & { figures: DeskFigures }> {
  const { disputes } = deps.store
  const limit = limitOf(input.limit)
  const after = input.cursor === undefined ? null : placeOf(input.cursor)
  const filter = { openStates: openDisputeStates, open: input.open ?? false, after, limit: limit + 1 }
  const places = await disputes.deskPlaces(filter)
  const shown = places.slice(0, limit)
  const last = places.length > limit ? shown.at(-1) : undefined
  const { nextDeadlineS, ...figures } = await disputes.deskFigures(openDisputeStates)
  return {
    items: await itemsAt(deps, shown),
    nextCursor: last ? cursorOf(last) : null,
    figures: { ...figures, nextDeadlineMs: nextDeadlineS === null ? null : Number(nextDeadlineS) * 1_000 },
  }
}

/** In the order of their places. What was removed meanwhile, by a reorganisation of the chain, is left out. */
async function itemsAt(deps: DisputeDeps, places: readonly QueuePlace[]): Promise<DeskItem[]> {
  const { store } = deps
  const idsOf = (kind: QueuePlace['kind']) => places.filter((place) => place.kind === kind).map(({ id }) => id)
  const disputes = await store.disputes.disputesByIds(idsOf('dispute').map(BigInt))
  const records = await store.disputes.recordsByKeys(idsOf('record').map(recordKeyOf))
  const names = await providerNames(deps, disputes)
  const nodes = await nodeRefs(
    store.providers,
    records.map(({ nodeId }) => nodeId),
  )
  const byId = new Map<string, DisputeRow>(disputes.map((row) => [String(row.id), row]))
  const byKey = new Map<string, RecordRow>(records.map((row) => [nameOfRecord(row), row]))
  return places.flatMap(({ kind, id, deadlineS, stakeMicroUsd }): DeskItem[] => {
    const dispute = kind === 'dispute' ? byId.get(id) : undefined
    if (dispute) return [{ kind: 'dispute', id, dispute: disputeView(dispute, names) }]
    const row = kind === 'record' ? byKey.get(id) : undefined
    if (!row) return []
    const record = recordSummary(row, nodes)
    const { challengeBondMicroUsd: bondMicroUsd, rulingEndsAtS } = row
    const deadlineMs = rulingEndsAtS === null ? null : Number(deadlineS) * 1_000
    return [{ kind: 'record', id, record, bondMicroUsd, stakeMicroUsd, deadlineMs }]
  })
}

const nameOfRecord = ({ nodeId, lane, epoch, version }: RecordRow): string => `${nodeId}:${lane}:${epoch}:${version}`

function recordKeyOf(id: string): { nodeId: string; lane: string; epoch: bigint; version: number } {
  const [nodeId = '', lane = '', epoch = '0', version = '0'] = id.split(':')
  return { nodeId, lane, epoch: BigInt(epoch), version: Number(version) }
}

const cursorOf = ({ deadlineS, stakeMicroUsd, kind, id }: QueuePlace): string =>
  `${deadlineS}.${stakeMicroUsd}.${kind}.${id}`

function placeOf(cursor: string): QueuePlace {
  const match = /^(\d{1,18})\.(\d{1,30})\.(dispute|record)\.([0-9a-fx:]{1,200})$/.exec(cursor)
  if (!match) throw new AppError('invalid_input', { publicMessage: 'cursor: is not valid.', field: 'cursor' })
  const [, deadlineS = '', stake = '', kind, id = ''] = match
  return { deadlineS: BigInt(deadlineS), stakeMicroUsd: BigInt(stake), kind: kind as QueuePlace['kind'], id }
}
