/**
 * The wizard's writes. Each names the version that its page showed: of two tabs the second is told to look again, and nothing
 * that the first saved is lost. A listing that was submitted is not edited any more.
 */
import { AppError, newId, transition, listingTransitions, type ListingEvent } from '@isochrone/domain'
import { nodeInventory, type Hex } from '@isochrone/protocol'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import type { ListingRow } from '../ports/listing-store.ts'
import { createJoinToken, revokeJoinToken } from '../providers/join-tokens.ts'
import {
  GPUS_MAX,
  makeTerms,
  noPromises,
  pricesOfStored,
  termsOfStored,
  type TermsDocument,
} from '../providers/terms.ts'
import { parseDraft, pricesOfStep, type ListingDraft, type MachineStep } from './listing-draft.ts'
import { priceSlip, type MarketPrices } from './price-slip.ts'

type Deps = Pick<ControlPlaneDeps, 'store' | 'clock'>
type At = { orgId: string; id: string; version: number }

const COMMAND_HOURS = 24

export async function createListing({ store }: Deps, input: { orgId: string; userId: string }): Promise<ListingRow> {
  return store.listings.insert({ id: newId('list'), orgId: input.orgId, draft: {}, createdBy: input.userId })
}

/** Replaces the steps that `draft` has. A price that looks like a slip is asked about unless `confirmed`. */
export async function saveListing(
  deps: Deps,
  input: At & { draft: ListingDraft; confirmed: boolean },
): Promise<ListingRow> {
  const row = await editable(deps, input)
  const given = parseDraft(input.draft)
  const before = parseDraft(row.draft)
  if (given.machine && row.status === 'joined') {
    throw new AppError('state_conflict', {
      publicMessage: 'Its node has joined as this machine. List another node for another machine.',
    })
  }
  if (given.prices && !input.confirmed) {
    const slip = priceSlip(given.prices, await marketPrices(deps))
    if (slip) {
      throw new AppError('invalid_input', {
        publicMessage: slip.question,
        field: slip.field,
        details: { confirm: true },
      })
    }
  }
  return changed(deps, row, { draft: { ...before, ...given } })
}

/** A fresh one-time token for this listing's node; an earlier one that nobody used stops working. */
export async function listingCommand(
  deps: Deps,
  input: At & { userId: string; providerId: string },
): Promise<{ token: string; expiresAtMs: number }> {
  const row = await editable(deps, input)
  const { machine } = parseDraft(row.draft)
  if (!machine) throw unfinished('machine')
  if (row.status === 'joined') {
    throw new AppError('state_conflict', { publicMessage: 'Its node has joined already; the token was used.' })
  }
  const { providerId, userId } = input
  if (row.joinTokenId) await revokeJoinToken(deps, { providerId, joinTokenId: row.joinTokenId })
  const { token, joinToken } = await createJoinToken(deps, {
    providerId,
    userId,
    nodeName: machine.nodeName,
    region: machine.region,
    country: machine.country,
    tier: machine.tier,
    dataPolicy: machine.dataPolicy,
    // Nothing is sold by these: the listing's own terms are made when it is submitted.
    prices: pricesOfStep({
      inMicroUsdPerMtok: '0',
      cachedMicroUsdPerMtok: '0',
      outMicroUsdPerMtok: '0',
      gpuHourMicroUsd: '0',
    }),
    expiresInHours: COMMAND_HOURS,
  })
  await changed(deps, row, { joinTokenId: joinToken.id })
  return { token, expiresAtMs: joinToken.expiresAtMs }
}

/** Makes the terms and asks for the checks; once none of them is invalid the worker takes it to the market. */
export async function submitListing(deps: Deps, input: At & { providerId: string }): Promise<ListingRow> {
  const { store, clock } = deps
  const row = await editable(deps, input)
  const { machine, prices, promises } = parseDraft(row.draft)
  const { nodeId } = row
  if (!machine) throw unfinished('machine')
  if (!nodeId) throw unfinished('agent')
  if (!prices) throw unfinished('prices')
  const node = await store.providers.node(nodeId)
  const perGpuHourMicroUsd = BigInt(prices.gpuHourMicroUsd)
  const terms = makeTerms({
    providerId: input.providerId as Hex,
    prices: pricesOfStep(prices),
    promises: promises ?? noPromises,
    document: { ...documentOf(machine), ...(perGpuHourMicroUsd > 0n && { gpus: unitsOf(node?.inventory) }) },
    perGpuHourMicroUsd,
  })
  await store.transaction(async (tx) => {
    await tx.providers.insertTerms({ ...terms, providerId: input.providerId })
    await tx.listings.setTerms(nodeId, terms.hash)
    await tx.verification.makeDue(nodeId, new Date(clock.nowMs()))
    if (!(await tx.listings.update(pick(row), { status: after(row, 'submit') }))) throw stale()
  })
  return reread(deps, row)
}

/** What another listing says stays; its token stops working and its node never reaches the market. */
export async function withdrawListing(deps: Deps, input: At): Promise<ListingRow> {
  const row = await found(deps, input)
  if (row.version !== input.version) throw stale()
  return changed(deps, row, { status: after(row, 'withdraw') })
}

/** Of nodes that are on the market, by field. */
export async function marketPrices({ store }: Pick<Deps, 'store'>): Promise<MarketPrices> {
  const nodes = (await store.providers.nodes()).filter(({ status }) => status === 'active')
  const prices = nodes.map(({ terms }) => pricesOfStored(terms))
  const rents = nodes.map(({ terms }) => BigInt(termsOfStored(terms)?.perGpuHour ?? 0))
  return {
    inMicroUsdPerMtok: prices.map((each) => each.inMicroUsdPerMtok),
    cachedMicroUsdPerMtok: prices.map((each) => each.cachedMicroUsdPerMtok),
    outMicroUsdPerMtok: prices.map((each) => each.outMicroUsdPerMtok),
    gpuHourMicroUsd: rents.filter((rent) => rent > 0n),
  }
}

function documentOf(machine: MachineStep): TermsDocument {
  return { version: 3, simulated: false, ...machine }
}

/** What can be rented: the GPUs that the agent detected, as many as terms can offer, or the CPU as one. */
function unitsOf(inventory: unknown): number {
  const gpus = nodeInventory.safeParse(inventory).data?.gpus ?? []
  const detected = gpus.reduce((sum, { count }) => sum + count, 0)
  return Math.min(GPUS_MAX, Math.max(1, detected))
}

async function found({ store }: Deps, { orgId, id }: At): Promise<ListingRow> {
  const row = await store.listings.get(orgId, id)
  if (!row) throw new AppError('not_found', { publicMessage: 'There is no such listing.' })
  return row
}

async function editable(deps: Deps, at: At): Promise<ListingRow> {
  const row = await found(deps, at)
  if (row.status !== 'draft' && row.status !== 'joined') {
    throw new AppError('state_conflict', { publicMessage: `This listing is ${row.status} and is not edited any more.` })
  }
  if (row.version !== at.version) throw stale()
  return row
}

async function changed(
  deps: Deps,
  row: ListingRow,
  change: Parameters<ControlPlaneDeps['store']['listings']['update']>[1],
): Promise<ListingRow> {
  if (!(await deps.store.listings.update(pick(row), change))) throw stale()
  return reread(deps, row)
}

const pick = ({ id, version, status }: ListingRow) => ({ id, version, status })

async function reread({ store }: Deps, { orgId, id }: ListingRow): Promise<ListingRow> {
  const row = await store.listings.get(orgId, id)
  if (!row) throw new AppError('not_found', { publicMessage: 'There is no such listing.' })
  return row
}

function after(row: ListingRow, event: ListingEvent) {
  return transition(listingTransitions, row.status, event)
}

function stale(): AppError {
  return new AppError('state_conflict', {
    publicMessage:
      'Another tab has changed this listing, or its agent has: nothing was saved here. Look at what it says now, then save again.',
  })
}

function unfinished(step: string): AppError {
  return new AppError('state_conflict', {
    publicMessage: `The step “${step}” is not done yet.`,
    details: { step },
  })
}
