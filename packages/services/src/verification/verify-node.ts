/**
 * Checks one node: measures through the witnesses, judges by the pure checks, and writes verdicts, standing and the next time
 * in one transaction. Doing it twice costs time and nothing else; a crash in between leaves the node due.
 */
import {
  newId,
  prng,
  transition,
  verificationAfter,
  verificationTransitions,
  type VerificationStatus,
} from '@isochrone/domain'
import { nodeInventory, servedModel, type Hex } from '@isochrone/protocol'
import { z } from 'zod'
import { recordControlChange } from '../control/record-control-change.ts'
import type { ListedNodeRow } from '../ports/rows.ts'
import type { CheckRow, MeasuredRtt } from '../ports/verification-store.ts'
import { checkGpuUuids } from './checks/check-gpu-uuids.ts'
import { checkMatmul } from './checks/check-matmul.ts'
import { checkMetering } from './checks/check-metering.ts'
import { checkModel } from './checks/check-model.ts'
import { checkRegion, isSoundEcho } from './checks/check-region.ts'
import { checkTtlMs, type CheckResult } from './checks/check-result.ts'
import { checkSharing, sharingAgainSoon } from './checks/check-sharing.ts'
import { regionPlace } from './checks/region-places.ts'
import { usualAloneUs } from './checks/usual-alone.ts'
import { measureSharing } from './measure-sharing.ts'
import { replayAnswers } from './replay-answers.ts'
import { trustAfter, type HardwareClaim } from './trust-after.ts'
import type { VerifyTx, VerifyDeps } from './verify-deps.ts'

const ECHOES = 20
const MATMUL_ORDER = 256
/** After a first check that reached nobody: an agent that starts now links to the witnesses meanwhile. */
const FIRST_AGAIN_MS = 60_000
/** After a check for shared hardware that a later time may decide; only while there were few in the last day: answers cost money. */
const SHARING_AGAIN_MS = 600_000
const SHARING_A_DAY_MAX = 12
/** Of a node's checks for shared hardware, the newest: its usual time is learnt from them. */
const USUAL_CHECKS_MAX = 50
const DAY_MS = 86_400_000

/** The node's new standing; null when there is no such node any more. */
export async function verifyNode(deps: VerifyDeps, nodeId: Hex): Promise<VerificationStatus | null> {
  const { store, clock, periodMs } = deps
  // Its beginning: what the node's owner changes during the check was not judged by it.
  const checkedAt = new Date(clock.nowMs())
  const node = await store.providers.node(nodeId)
  if (!node || node.status === 'revoked') return null
  const solved = await matmul(deps, nodeId)
  const uuids = await gpuUuids(deps, node)
  const placed = await region(deps, node)
  const shared = await sharing(deps, node)
  const results = [
    uuids,
    solved,
    placed.result,
    shared.result,
    ...(await models(deps, node)),
    checkMetering(await store.verification.meteringCounts(nodeId, new Date(clock.nowMs() - checkTtlMs.metering))),
  ]
  const [standing] = await store.verification.standing([nodeId])
  const event = verificationAfter(results.map(({ verdict }) => verdict))
  const status = transition(verificationTransitions, standing?.status ?? 'pending', event)
  await store.transaction(async (tx) => {
    await tx.verification.insertChecks(
      results.map((result) => ({
        id: newId('check'),
        nodeId,
        ...result,
        simulated: result.simulated || node.simulated,
        checkedAt,
        validUntil: new Date(checkedAt.getTime() + checkTtlMs[result.kind]),
      })),
    )
    await tx.verification.setRtts(nodeId, placed.rtts, checkedAt)
    const unreached = deps.witnesses.length > 0 && solved.verdict === 'unverifiable'
    const isFirst = (standing?.status ?? 'pending') === 'pending'
    const againMs = unreached && isFirst ? FIRST_AGAIN_MS : shared.againSoon ? SHARING_AGAIN_MS : periodMs
    const dueAt = new Date(checkedAt.getTime() + Math.min(againMs, periodMs))
    await tx.verification.finish({ nodeId, status, dueAt, checkedAt })
    const moved = await moveTrust(tx, nodeId, { status, results, nowMs: clock.nowMs() })
    // Gateways give a node whose checks have failed nothing new until they pass.
    const turned = (status === 'failed') !== (standing?.status === 'failed')
    if (moved || turned) await recordControlChange(tx.control, { nodeIds: [nodeId] })
  })
  return status
}

/** By the node as it is now: it may have said other things of itself during the check. True when its level changed. */
async function moveTrust(
  { verification, providers }: VerifyTx,
  nodeId: Hex,
  { status, results, nowMs }: { status: VerificationStatus; results: readonly CheckResult[]; nowMs: number },
): Promise<boolean> {
  if (status === 'failed') return verification.moveTrust(nodeId, ['challenged', 'attested'], 'claimed')
  const node = await providers.node(nodeId)
  if (!node) return false
  const standing = (await verification.standingChecks(nodeId, new Date(nowMs))).map((check) => ({
    ...check,
    inputs: checkInputs.safeParse(check.inputs).data ?? {},
  }))
  const model = results.find(({ kind }) => kind === 'model') ?? null
  const isChallenged = trustAfter(claimOf(node), standing, model) === 'challenged'
  return isChallenged
    ? verification.moveTrust(nodeId, ['claimed'], 'challenged')
    : verification.moveTrust(nodeId, ['challenged'], 'claimed')
}

const checkInputs = z.record(z.string(), z.unknown())

function claimOf(node: ListedNodeRow): HardwareClaim {
  const { hardware = '', gpus = [] } = nodeInventory.safeParse(node.inventory).data ?? {}
  const served = servedModel.array().safeParse(node.models).data ?? []
  return {
    simulated: node.simulated || served.some(({ simulated }) => simulated),
    gpuClass: node.gpuClass,
    inventory: { hardware, gpus },
    region: node.region,
    sharesHost: sharesHost(node),
  }
}

async function gpuUuids({ store }: VerifyDeps, node: ListedNodeRow): Promise<CheckResult> {
  const gpus = nodeInventory.safeParse(node.inventory).data?.gpus ?? []
  const claim = { uuids: gpus.flatMap(({ uuids }) => uuids), count: gpus.reduce((sum, { count }) => sum + count, 0) }
  const checked = checkGpuUuids(claim, await store.verification.otherClaims(node.nodeId))
  if (!node.simulated || claim.count > 0) return checked
  return { ...checked, verdict: 'unverifiable', finding: 'Simulated hardware has no UUIDs.', fix: null }
}

async function matmul({ witnesses }: VerifyDeps, nodeId: Hex): Promise<CheckResult> {
  const reports = []
  for (const witness of witnesses) reports.push(...(await witness.matmul([nodeId], MATMUL_ORDER)))
  return checkMatmul(reports)
}

/** The verdict, and the round trips themselves, which the marketplace shows whatever they prove. */
async function region(
  { witnesses }: VerifyDeps,
  node: ListedNodeRow,
): Promise<{ result: CheckResult; rtts: MeasuredRtt[] }> {
  const nodeId = node.nodeId as Hex
  const echoes = await Promise.all(
    witnesses.map(async (witness) => ({ url: witness.url, signed: await witness.echo(nodeId, ECHOES) })),
  )
  const place = regionPlace(node.region, node.country)
  const result = checkRegion(
    { nodeId, region: node.region, place },
    echoes.flatMap(({ signed }) => signed ?? []),
  )
  const rtts = echoes.flatMap(({ url, signed }) => {
    if (!signed || signed.report.minRttUs === null || !isSoundEcho(nodeId, signed)) return []
    const { witness, name, simulated: isPlaceSimulated = false } = signed.report.witness
    const simulated = signed.report.simulated || isPlaceSimulated
    return [{ witness, name, url, isPlaceSimulated, rttUs: signed.report.minRttUs, simulated }]
  })
  return { result, rtts }
}

async function sharing(deps: VerifyDeps, node: ListedNodeRow): Promise<{ result: CheckResult; againSoon: boolean }> {
  const untried = { rounds: [], usualUs: { own: null, other: null }, declared: sharesHost(node) }
  if (untried.declared) return { result: checkSharing(untried), againSoon: false }
  const others = (await deps.store.providers.nodes()).filter(
    (other) =>
      other.nodeId !== node.nodeId &&
      other.status !== 'revoked' &&
      other.gpuClass === node.gpuClass &&
      other.region === node.region &&
      !sharesHost(other),
  )
  const random = prng(deps.seed())
  const partner = others[others.length > 0 ? random.below(others.length) : 0]
  if (!partner) {
    const finding = 'No other node of its kind is in its region.'
    return { result: { ...checkSharing(untried), verdict: 'valid', finding, fix: null }, againSoon: false }
  }
  const [own, other] = [await sharingChecks(deps, node), await sharingChecks(deps, partner)]
  const usualUs = { own: usualAloneUs(own.map(inputsOf)), other: usualAloneUs(other.map(inputsOf)) }
  const pair = [node.nodeId as Hex, partner.nodeId as Hex] as const
  const input = { ...untried, usualUs, rounds: await measureSharing(deps.witnesses, pair, usualUs, random) }
  const dayAgoMs = deps.clock.nowMs() - DAY_MS
  const today = own.filter(({ checkedAt }) => checkedAt.getTime() > dayAgoMs).length
  return { result: checkSharing(input), againSoon: sharingAgainSoon(input) && today < SHARING_A_DAY_MAX }
}

const inputsOf = ({ inputs }: CheckRow): unknown => inputs

/** As old as their verdicts are good for: who moves to a slower machine is judged by it after that. */
function sharingChecks({ store, clock }: VerifyDeps, { nodeId }: ListedNodeRow): Promise<CheckRow[]> {
  const since = new Date(clock.nowMs() - checkTtlMs.sharing)
  return store.verification.checksOf(nodeId, 'sharing', since, USUAL_CHECKS_MAX)
}

async function models(deps: VerifyDeps, node: ListedNodeRow): Promise<CheckResult[]> {
  const served = servedModel.array().safeParse(node.models).data ?? []
  const real = served.filter(({ simulated }) => !simulated).slice(0, 8)
  if (real.length === 0) return []
  const since = new Date(deps.clock.nowMs() - checkTtlMs.model)
  const results = []
  for (const { model, modelHash } of real) {
    await replayAnswers(deps, { node, model, modelHash })
    const trials = await deps.store.verification.trials(node.nodeId, modelHash, since)
    results.push(checkModel({ modelHash, trials: trials.map(({ requestId, agreed }) => ({ requestId, agreed })) }))
  }
  // One row a kind: the worst of its models speaks for the node.
  const worst = ['invalid', 'unverifiable', 'valid'] as const
  return results.toSorted((a, b) => worst.indexOf(a.verdict) - worst.indexOf(b.verdict)).slice(0, 1)
}

function sharesHost({ terms }: ListedNodeRow): boolean {
  return typeof terms.document === 'object' && terms.document !== null && 'sharedHost' in terms.document
    ? terms.document.sharedHost === true
    : false
}
