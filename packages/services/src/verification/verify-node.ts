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
  type Clock,
  type VerificationStatus,
} from '@isochrone/domain'
import { nodeInventory, servedModel, type Hex } from '@isochrone/protocol'
import { recordControlChange } from '../control/record-control-change.ts'
import type { ControlStore } from '../ports/control-store.ts'
import type { ListedNodeRow } from '../ports/rows.ts'
import type { ReplayPort, VerificationNodes, VerificationStore, WitnessPort } from '../ports/verification-store.ts'
import { checkGpuUuids } from './checks/check-gpu-uuids.ts'
import { checkMatmul } from './checks/check-matmul.ts'
import { checkMetering } from './checks/check-metering.ts'
import { checkModel } from './checks/check-model.ts'
import { checkRegion } from './checks/check-region.ts'
import { checkTtlMs, type CheckResult } from './checks/check-result.ts'
import { checkSharing } from './checks/check-sharing.ts'
import { regionPlace } from './checks/region-places.ts'
import { measureSharing } from './measure-sharing.ts'
import { replayAnswers } from './replay-answers.ts'

export interface VerifyDeps {
  store: { verification: VerificationStore; providers: VerificationNodes } & {
    transaction<T>(work: (tx: { verification: VerificationStore; control: ControlStore }) => Promise<T>): Promise<T>
  }
  witnesses: readonly WitnessPort[]
  /** Null: nobody pays for replays here, and the model stays unverifiable. */
  replay: ReplayPort | null
  clock: Clock
  /** From one check of a node to the next at most, ms. */
  periodMs: number
  /** Of the challenges' sizes and orders. */
  seed: () => number
}

const ECHOES = 20
const MATMUL_ORDER = 256
/** After a first check that reached nobody: an agent that starts now links to the witnesses meanwhile. */
const FIRST_AGAIN_MS = 60_000

/** The node's new standing; null when there is no such node any more. */
export async function verifyNode(deps: VerifyDeps, nodeId: Hex): Promise<VerificationStatus | null> {
  const { store, clock, periodMs } = deps
  const node = await store.providers.node(nodeId)
  if (!node || node.status === 'revoked') return null
  const solved = await matmul(deps, nodeId)
  const results = [
    await gpuUuids(deps, node),
    solved,
    await region(deps, node),
    await sharing(deps, node),
    ...(await models(deps, node)),
    checkMetering(await store.verification.meteringCounts(nodeId, new Date(clock.nowMs() - checkTtlMs.metering))),
  ]
  const checkedAt = new Date(clock.nowMs())
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
    const unreached = deps.witnesses.length > 0 && solved.verdict === 'unverifiable'
    const isFirst = (standing?.status ?? 'pending') === 'pending'
    const dueInMs = unreached && isFirst ? Math.min(FIRST_AGAIN_MS, periodMs) : periodMs
    const dueAt = new Date(checkedAt.getTime() + dueInMs)
    await tx.verification.finish({ nodeId, status, dueAt, checkedAt })
    if (status === 'failed' && (await tx.verification.loseTrust(nodeId))) {
      await recordControlChange(tx.control, { nodeIds: [nodeId] })
    }
  })
  return status
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

async function region({ witnesses }: VerifyDeps, node: ListedNodeRow): Promise<CheckResult> {
  const nodeId = node.nodeId as Hex
  const reports = await Promise.all(witnesses.map((witness) => witness.echo(nodeId, ECHOES)))
  const place = regionPlace(node.region, node.country)
  return checkRegion(
    { nodeId, region: node.region, place },
    reports.filter((report) => report !== null),
  )
}

async function sharing(deps: VerifyDeps, node: ListedNodeRow): Promise<CheckResult> {
  const declared = sharesHost(node)
  if (declared) return checkSharing({ rounds: [], declared })
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
    return {
      ...checkSharing({ rounds: [], declared }),
      verdict: 'valid',
      finding: 'No other node of its kind is in its region.',
      fix: null,
    }
  }
  const pair = [node.nodeId as Hex, partner.nodeId as Hex] as const
  return checkSharing({ rounds: await measureSharing(deps.witnesses, pair, random), declared })
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
