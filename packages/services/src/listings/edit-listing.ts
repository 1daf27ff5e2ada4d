/**
 * The wizard's writes. Each names the version that its page showed: of two tabs the second is told to look again, and nothing
 * that the first saved is lost. A listing that was submitted is not edited any more.
 */
import { AppError, newId } from '@isochrone/domain'
import { nodeInventory, type Hex } from '@isochrone/protocol'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import type { ControlPlaneRepositories } from '../ports/control-plane-store.ts'
import type { ListingRow } from '../ports/listing-store.ts'
import type { ListedNodeRow } from '../ports/rows.ts'
import { createJoinToken, revokeJoinToken } from '../providers/join-tokens.ts'
import { makeTerms, noPromises, type TermsDocument } from '../providers/terms.ts'
import { detectedNode } from '../queries/listings.ts'
import { parseDraft, pricesOfStep, type ListingDraft, type MachineStep, type ModelStep } from './listing-draft.ts'
import { after, changed, editable, pick, reread, stale, type At } from './listing-at.ts'
import { modelStanding } from './model-standing.ts'
import { promiseGap } from './promise-slip.ts'
import { refuseSlips } from './refuse-slips.ts'
import { rentableUnits } from './rentable-units.ts'
import { stakeMissing, stakeStanding } from './stake-standing.ts'

type Deps = Pick<ControlPlaneDeps, 'store' | 'clock' | 'live'>

const COMMAND_HOURS = 24
const nothingSold = {
  inMicroUsdPerMtok: '0',
  cachedMicroUsdPerMtok: '0',
  outMicroUsdPerMtok: '0',
  gpuHourMicroUsd: '0',
} as const

/** Asking twice with one key is one listing: the second time it is answered as it stands. */
export async function createListing(
  { store }: Pick<Deps, 'store'>,
  { orgId, userId, key }: { orgId: string; userId: string; key: string },
): Promise<ListingRow> {
  const row = { id: newId('list'), orgId, draft: {}, createdBy: userId, formKey: key }
  const listing = (await store.listings.insert(row)) ?? (await store.listings.byFormKey(orgId, key))
  if (!listing) throw new AppError('internal', { publicMessage: 'The listing was not stored.' })
  return listing
}

/**
 * Replaces the steps that `draft` has. What looks like a slip is asked about unless `confirmed`. Of a node that has joined, what is said
 * of its machine is what it is checked by from now on.
 */
export async function saveListing(
  deps: Deps,
  input: At & { draft: ListingDraft; confirmed: boolean },
): Promise<ListingRow> {
  const row = await editable(deps, input)
  const given = parseDraft(input.draft)
  const before = parseDraft(row.draft)
  const node = row.nodeId ? await deps.store.providers.node(row.nodeId) : null
  await refuseSlips(deps, { given, before, node, orgId: input.orgId, confirmed: input.confirmed })
  const change = { draft: { ...before, ...given } }
  const { machine } = given
  if (!machine || !node) return changed(deps, row, change)
  await deps.store.transaction(async (tx) => {
    if (!(await tx.listings.update(pick(row), change))) throw stale()
    await declareMachine(deps, tx, node, machine)
  })
  return reread(deps, row)
}

/** Nothing is sold by these terms: a listing's own are made when it is submitted. */
async function declareMachine(
  { clock }: Pick<Deps, 'clock'>,
  tx: ControlPlaneRepositories,
  { nodeId, providerId }: ListedNodeRow,
  machine: MachineStep,
): Promise<void> {
  const terms = makeTerms({
    providerId: providerId as Hex,
    prices: pricesOfStep(nothingSold),
    promises: noPromises,
    document: documentOf(machine),
    perGpuHourMicroUsd: 0n,
  })
  await tx.providers.insertTerms({ ...terms, providerId })
  await tx.providers.setMachine(nodeId, machineOf(machine, terms.hash))
  await tx.verification.makeDue(nodeId, new Date(clock.nowMs()))
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
  // All or nothing: of two tabs at once the loser ends no token of the other, and leaves none that nobody saw.
  return deps.store.transaction(async (tx) => {
    const at = { store: tx, clock: deps.clock }
    if (row.joinTokenId) await revokeJoinToken(at, { providerId, joinTokenId: row.joinTokenId })
    const { token, joinToken } = await createJoinToken(at, {
      providerId,
      userId,
      nodeName: machine.nodeName,
      region: machine.region,
      country: machine.country,
      tier: machine.tier,
      dataPolicy: machine.dataPolicy,
      prices: pricesOfStep(nothingSold),
      expiresInHours: COMMAND_HOURS,
    })
    if (!(await tx.listings.update(pick(row), { joinTokenId: joinToken.id }))) throw stale()
    return { token, expiresAtMs: joinToken.expiresAtMs }
  })
}

/** Makes the terms and asks for the checks; once none of them is invalid the worker takes it to the market. */
export async function submitListing(deps: Deps, input: At & { providerId: string }): Promise<ListingRow> {
  const { store, clock } = deps
  const row = await editable(deps, input)
  const { machine, models, prices, promises } = parseDraft(row.draft)
  const { nodeId } = row
  if (!machine) throw unfinished('machine')
  if (!nodeId) throw unfinished('agent')
  const node = await store.providers.node(nodeId)
  const served = modelStanding(models, node && detectedNode(node))
  if (!models || served.state !== 'done') {
    throw unfinished('models', [served.text, served.fix].filter(Boolean).join(' '))
  }
  if (!prices) throw unfinished('prices')
  const gap = promises ? promiseGap(promises) : null
  if (gap !== null) throw unfinished('promises', gap)
  const noStake = stakeMissing(await stakeStanding(store, input.providerId))
  if (noStake !== null) throw unfinished('stake', noStake)
  const perGpuHourMicroUsd = BigInt(prices.gpuHourMicroUsd)
  const terms = makeTerms({
    providerId: input.providerId as Hex,
    prices: pricesOfStep(prices),
    promises: promises ?? noPromises,
    document: {
      ...documentOf(machine),
      ...modelsOf(models),
      ...(perGpuHourMicroUsd > 0n && { gpus: rentableUnits(nodeInventory.safeParse(node?.inventory).data) }),
    },
    perGpuHourMicroUsd,
  })
  await store.transaction(async (tx) => {
    await tx.providers.insertTerms({ ...terms, providerId: input.providerId })
    await tx.providers.setMachine(nodeId, machineOf(machine, terms.hash))
    await tx.verification.makeDue(nodeId, new Date(clock.nowMs()))
    if (!(await tx.listings.update(pick(row), { status: after(row, 'submit') }))) throw stale()
  })
  return reread(deps, row)
}

function machineOf({ nodeName: name, region, country, tier, dataPolicy }: MachineStep, termsHash: string) {
  return { name, region, country, tier, dataPolicy, termsHash }
}

function documentOf(machine: MachineStep): TermsDocument {
  return { version: 3, simulated: false, ...machine }
}

/** By name, so that the order in which they were ticked makes no other terms. */
function modelsOf({ engine, models }: ModelStep): Pick<TermsDocument, 'engine' | 'models'> {
  return { engine, models: models.toSorted((a, b) => (a.model < b.model ? -1 : 1)) }
}

function unfinished(step: string, why = ''): AppError {
  return new AppError('state_conflict', {
    publicMessage: `The step “${step}” is not done yet.${why && ` ${why}`}`,
    details: { step },
  })
}
