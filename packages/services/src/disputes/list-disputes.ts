/** A party's own disputes, in pages: as payer, as provider, and what the platform's account sends for it. */
import { AppError, openDisputeStates, type DisputeState } from '@isochrone/domain'
import type { DisputeParty, DisputeRow, PartyPlace } from '../ports/dispute-store.ts'
import { limitOf } from '../queries/cursor.ts'
import type { Page } from '../queries/views/common.ts'
import type { DisputeDeps } from './place-order.ts'
import { providerNames } from './provider-names.ts'
import type { Asker } from './dispute-reads.ts'
import { disputeView, orderView, type DisputeOrderView, type DisputeView } from './views.ts'

export interface DisputeListInput {
  open?: boolean | undefined
  state?: DisputeState | undefined
  /** Where the list as payer goes on, and that as provider. */
  payerCursor?: string | undefined
  providerCursor?: string | undefined
  /** Of each list. */
  limit?: number | undefined
}

export interface DisputeLists {
  asPayer: Page<DisputeView>
  asProvider: Page<DisputeView>
  orders: DisputeOrderView[]
}

const ORDERS_LISTED = 50

/** Open ones by their deadline, then closed ones with the latest on top, so that old cases never hide new ones. */
export async function listDisputes(
  deps: DisputeDeps,
  { orgId, providerId, ...input }: Asker & DisputeListInput,
): Promise<DisputeLists> {
  const { store } = deps
  const channel = await store.funding.channelOfOrg(orgId)
  const payer = { channelId: channel?.id ?? null, orgId }
  const asPayer = await pageOf(deps, payer, { ...input, cursor: input.payerCursor, field: 'payerCursor' })
  const asProvider =
    providerId === null
      ? { rows: [], nextCursor: null }
      : await pageOf(deps, { providerId }, { ...input, cursor: input.providerCursor, field: 'providerCursor' })
  const names = await providerNames(deps, [...asPayer.rows, ...asProvider.rows])
  const viewed = ({ rows, nextCursor }: RowPage): Page<DisputeView> => ({
    items: rows.map((row) => disputeView(row, names)),
    nextCursor,
  })
  const orders = await store.disputes.ordersOf(orgId, ORDERS_LISTED)
  return { asPayer: viewed(asPayer), asProvider: viewed(asProvider), orders: orders.map(orderView) }
}

interface RowPage {
  rows: DisputeRow[]
  nextCursor: string | null
}

async function pageOf(
  { store }: DisputeDeps,
  party: DisputeParty,
  input: Pick<DisputeListInput, 'open' | 'state' | 'limit'> & { cursor: string | undefined; field: string },
): Promise<RowPage> {
  const limit = limitOf(input.limit)
  const places = await store.disputes.partyPlaces({
    party,
    openStates: openDisputeStates,
    states: statesOf(input),
    after: input.cursor === undefined ? null : placeOf(input.cursor, input.field),
    limit: limit + 1,
  })
  const shown = places.slice(0, limit)
  const rows = new Map((await store.disputes.disputesByIds(shown.map(({ id }) => id))).map((row) => [row.id, row]))
  const last = places.length > limit ? shown.at(-1) : undefined
  // What was removed meanwhile, by a reorganisation of the chain, is left out.
  return { rows: shown.flatMap(({ id }) => rows.get(id) ?? []), nextCursor: last ? cursorOf(last) : null }
}

function statesOf({ open, state }: Pick<DisputeListInput, 'open' | 'state'>): readonly DisputeState[] | null {
  if (state) return [state]
  return open ? openDisputeStates : null
}

const cursorOf = ({ isOpen, deadlineS, amountMicroUsd, id }: PartyPlace): string =>
  `${isOpen ? 'open' : 'closed'}.${deadlineS}.${amountMicroUsd}.${id}`

function placeOf(cursor: string, field: string): PartyPlace {
  const match = /^(open|closed)\.(\d{1,18})\.(\d{1,18})\.(\d{1,18})$/.exec(cursor)
  if (!match) throw new AppError('invalid_input', { publicMessage: `${field}: is not valid.`, field })
  const [, phase, deadlineS = '', amount = '', id = ''] = match
  return { isOpen: phase === 'open', deadlineS: BigInt(deadlineS), amountMicroUsd: BigInt(amount), id: BigInt(id) }
}
