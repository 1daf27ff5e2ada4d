/** A team's channel as the chain moved it, newest first: for the page and for the statement. */
import { AppError } from '@isochrone/domain'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import type { BeforeMovement } from '../ports/evidence-readings.ts'
import { limitOf } from './cursor.ts'
import type { Page } from './views/common.ts'
import type { HistoryFilterInput, HistoryItem } from './views/history.ts'
import type { MovementView } from './views/money.ts'

const DAY_MS = 86_400_000

/** Empty for an organisation without a channel. */
export async function channelHistory(
  { store }: Pick<ControlPlaneDeps, 'store'>,
  filter: HistoryFilterInput & { orgId: string },
): Promise<Page<HistoryItem>> {
  const channel = await store.funding.channelOfOrg(filter.orgId)
  if (!channel) return { items: [], nextCursor: null }
  const limit = limitOf(filter.limit)
  const toMs = dayStartMs('toDay', filter.toDay)
  const rows = await store.evidence.history({
    channelId: channel.id,
    kinds: filter.kind ? [filter.kind] : null,
    fromMs: dayStartMs('fromDay', filter.fromDay),
    toMs: toMs === null ? null : toMs + DAY_MS,
    limit: limit + 1,
    before: decodePlace(filter.cursor),
  })
  const shown = rows.slice(0, limit)
  const last = rows.length > limit ? shown.at(-1) : undefined
  return {
    items: shown.map(({ id, kind, microUsd, txHash, blockNumber, logIndex, atMs }) => ({
      id,
      kind,
      microUsd,
      txHash,
      blockNumber: Number(blockNumber),
      logIndex,
      atMs: Number(atMs),
      changeMicroUsd: microUsd * signs[kind],
    })),
    nextCursor: last ? `${last.blockNumber}.${last.logIndex}` : null,
  }
}

/** Whether a movement brings money into the channel, takes it out, or only promises. */
const signs: Record<MovementView['kind'], bigint> = {
  deposit: 1n,
  refund: 1n,
  credit: 1n,
  claim: -1n,
  withdrawal: -1n,
  ceiling: 0n,
  withdrawal_requested: 0n,
}

function decodePlace(cursor: string | undefined): BeforeMovement | null {
  if (cursor === undefined) return null
  const match = /^(\d{1,18})\.(\d{1,9})$/.exec(cursor)
  if (!match) throw new AppError('invalid_input', { publicMessage: 'cursor: is not valid.', field: 'cursor' })
  return { blockNumber: BigInt(match[1] ?? 0), logIndex: Number(match[2]) }
}

function dayStartMs(field: string, day: string | undefined): number | null {
  if (day === undefined) return null
  const ms = /^\d{4}-\d{2}-\d{2}$/.test(day) ? Date.parse(`${day}T00:00:00Z`) : Number.NaN
  // Date.parse takes 31 February for 3 March: the day must come out as it went in.
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== day) {
    throw new AppError('invalid_input', { publicMessage: `${field}: is not a day such as 2026-01-31.`, field })
  }
  return ms
}
