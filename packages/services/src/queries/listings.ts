/** A provider's listings with what their agents detected, how far they are, and how their checks stand. */
import { AppError } from '@isochrone/domain'
import { engineReport, nodeInventory, servedModel } from '@isochrone/protocol'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import type { ListingRow, StakeOrderRow } from '../ports/listing-store.ts'
import type { JoinTokenRow, ListedNodeRow } from '../ports/rows.ts'
import type { CheckRow } from '../ports/verification-store.ts'
import { gatewayRegions } from '../listings/gateway-regions.ts'
import { marketPrices } from '../listings/market-prices.ts'
import { measuredMarket, ownFirstTokenMs } from '../listings/measured-nodes.ts'
import { parseDraft } from '../listings/listing-draft.ts'
import { knownModels } from '../listings/known-models.ts'
import { modelStanding } from '../listings/model-standing.ts'
import { firstPrices } from '../listings/price-yardstick.ts'
import { stakeStanding } from '../listings/stake-standing.ts'
import { checklistOf } from '../listings/checklist.ts'
import { rentableUnits } from '../listings/rentable-units.ts'
import { publicInputs } from '../verification/public-inputs.ts'
import { EARLIER_VERDICTS } from './offer-history.ts'
import type { CheckView, ListingDetail, ListingSummary, ProviderVerification, StakeView } from './views/listings.ts'
import type { DetectedNode } from './views/detected-node.ts'

type Deps = Pick<ControlPlaneDeps, 'store' | 'clock' | 'live'>

export function listingSummary({ id, status, version, draft, createdAt }: ListingRow): ListingSummary {
  const nodeName = parseDraft(draft).machine?.nodeName ?? null
  return { id, status, version, nodeName, createdAtMs: createdAt.getTime() }
}

export async function listingDetail(deps: Deps, { orgId, id }: { orgId: string; id: string }): Promise<ListingDetail> {
  const { store, clock } = deps
  const row = await store.listings.get(orgId, id)
  if (!row) throw new AppError('not_found', { publicMessage: 'There is no such listing.' })
  const nowMs = clock.nowMs()
  const node = row.nodeId ? await store.providers.node(row.nodeId) : null
  const token = row.joinTokenId ? await store.providers.joinToken(row.joinTokenId) : null
  const nodeIds = row.nodeId ? [row.nodeId] : []
  const [standing] = await store.verification.standing(nodeIds)
  const checks = (await store.verification.newestChecks(nodeIds)).map((check) => checkView(check, nowMs))
  const market = await marketPrices(deps, node)
  const provider = await store.providers.byOrg(orgId)
  const stake = await stakeStanding(store, provider?.id ?? '')
  const summary = listingSummary(row)
  const draft = parseDraft(row.draft)
  const detected = node && detectedNode(node)
  const models = modelStanding(draft.models, detected)
  const tokenView = token && { status: tokenStatus(token, nowMs), expiresAtMs: token.expiresAt.getTime() }
  return {
    ...summary,
    draft,
    stake,
    token: tokenView,
    node: detected,
    standing: standing?.status ?? null,
    checks,
    checklist: checklistOf({
      status: row.status,
      draft,
      stake,
      models,
      token: tokenView?.status ?? null,
      node: detected,
      checks,
      checkedSince: standing?.checkedAt ? standing.checkedAt >= row.updatedAt : false,
      keyTx: node?.keyTx ?? null,
    }),
    models,
    knownModels: await knownModels(deps, node?.nodeId ?? null),
    market,
    firstPrices,
    likeNodes: (await measuredMarket(deps, node, nowMs)).like,
    ownFirstTokenMs: ownFirstTokenMs(detected, draft.models),
    gatewayRegions: await gatewayRegions(store),
  }
}

export async function providerVerification(
  { store, clock }: Deps,
  { providerId }: { providerId: string },
): Promise<ProviderVerification> {
  // Those that have left are checked no more.
  const nodes = (await store.providers.nodes(providerId)).filter(({ status }) => status !== 'revoked')
  const nodeIds = nodes.map(({ nodeId }) => nodeId)
  const standings = new Map((await store.verification.standing(nodeIds)).map((row) => [row.nodeId, row]))
  const checks = await store.verification.newestChecks(nodeIds)
  const earlier = await store.verification.earlierChecks(nodeIds, EARLIER_VERDICTS)
  const nowMs = clock.nowMs()
  return nodes.map(({ id, nodeId, name, status }) => {
    const standing = standings.get(nodeId)
    return {
      id,
      name,
      onMarket: status === 'active',
      standing: standing?.status ?? 'pending',
      checkedAtMs: standing?.checkedAt?.getTime() ?? null,
      dueAtMs: standing?.dueAt.getTime() ?? nowMs,
      checks: checks
        .filter((check) => check.nodeId === nodeId)
        .map((check) => ({ ...checkView(check, nowMs), inputs: publicInputs(check.kind, check.inputs) })),
      earlierChecks: earlier.filter((check) => check.nodeId === nodeId).map((check) => checkView(check, nowMs)),
    }
  })
}

export function checkView(row: Omit<CheckRow, 'inputs'>, nowMs: number): CheckView {
  const { kind, finding, fix, simulated, checkedAt, validUntil } = row
  const expired = validUntil.getTime() <= nowMs
  return {
    kind,
    // What was shown to be wrong stays so until it is shown to be right.
    verdict: expired && row.verdict === 'valid' ? 'unverifiable' : row.verdict,
    expired,
    finding,
    fix,
    simulated,
    checkedAtMs: checkedAt.getTime(),
    validUntilMs: validUntil.getTime(),
  }
}

export function stakeView({ id, microUsd, status, txHash, error, createdAt }: StakeOrderRow): StakeView {
  const known = status === 'sent' || status === 'failed' ? status : 'queued'
  return { id, microUsd, status: known, txHash, error, createdAtMs: createdAt.getTime() }
}

export function detectedNode(row: ListedNodeRow): DetectedNode {
  const inventory = nodeInventory.safeParse(row.inventory).data
  const models = servedModel.array().safeParse(row.models).data
  const { models: reports = [], ...engine } = engineReport.safeParse(row.engine).data ?? {}
  const reportOf = (served: { model: string; modelHash: string }) =>
    reports.find(({ model, modelHash }) => model === served.model && modelHash === served.modelHash)
  return {
    id: row.id,
    nodeId: row.nodeId,
    status: row.status,
    hardware: inventory?.hardware ?? 'unknown',
    cpuModel: inventory?.cpuModel ?? 'unknown',
    cpuCores: inventory?.cpuCores ?? 0,
    memoryMib: inventory?.memoryMib ?? 0,
    gpuClass: row.gpuClass,
    gpus: (inventory?.gpus ?? []).map(({ uuids, ...gpu }) => ({ ...gpu, uuids: uuids.length })),
    os: inventory?.os ?? 'unknown',
    agentVersion: inventory?.agentVersion ?? 'unknown',
    rentable: rentableUnits(inventory),
    models:
      models?.map((served) => ({
        model: served.model,
        modelHash: served.modelHash,
        quantisation: served.quantisation,
        contextTokensMax: served.contextTokensMax,
        simulated: served.simulated,
        report: reportOf(served) ?? null,
      })) ?? null,
    engine: 'name' in engine ? engine : null,
  }
}

function tokenStatus(row: JoinTokenRow, nowMs: number): 'open' | 'used' | 'expired' | 'revoked' {
  if (row.usedAt) return 'used'
  if (row.expiresAt < row.createdAt) return 'revoked'
  return row.expiresAt.getTime() <= nowMs ? 'expired' : 'open'
}
