/**
 * A payer disputes a receipt (of a request or of a lease), an epoch's missing file or a node's performance record.
 *
 * What is checked here is what can be said in a better sentence than the contract's: whose receipt it is, whether its epoch
 * is anchored and holds it, what is left of its price. The contract has the last word on all of it.
 */
import { AppError, formatUsd, type DisputeKind } from '@isochrone/domain'
import {
  decodeStruct,
  leafOfHash,
  structHash,
  verifyMerkleProof,
  type DisputeAction,
  type DisputedReceipt,
  type Hex,
  type StructJson,
} from '@isochrone/protocol'
import { epochTree } from '../queries/epoch-tree.ts'
import type { ChannelRow } from '../ports/rows.ts'
import { checkDocument, type DocumentInput } from './documents.ts'
import {
  assertRoomForBond,
  assertRoomForChallenge,
  accountOf,
  deskOf,
  planStep,
  type DisputeDeps,
  type DisputePlan,
} from './place-order.ts'
import { disputeView, type FilingTerms } from './views.ts'

interface Asker {
  orgId: string
  userId: string
}
interface Place {
  lane: string
  seq: number
}

export interface FileDisputeInput extends Asker, Place {
  kind: Exclude<DisputeKind, 'withheld'>
  amountMicroUsd: bigint
  evidence: DocumentInput
}

export async function fileDispute(deps: DisputeDeps, input: FileDisputeInput): Promise<DisputePlan> {
  const { orgId, userId, kind, amountMicroUsd } = input
  const evidence = checkDocument('evidence', input.evidence)
  const { receipt, channel } = await ownReceipt(deps, input)
  await assertRoomForBond(deps, orgId, channel)
  const { subject, proof, epoch } = await anchoredProof(deps, receipt)
  const left = receipt.priceMicroUsd - (await deskOf(deps).refundedOf(subject))
  if (amountMicroUsd <= 0n || amountMicroUsd > left) {
    throw new AppError('invalid_input', {
      publicMessage: `amountUsd: must be above zero and at most what is left of the receipt’s price, ${formatUsd(left)}.`,
      field: 'amountUsd',
    })
  }
  return planStep(deps, {
    orgId,
    userId,
    sender: channel.ownerAddress,
    subject: `${subject}:${kind}`,
    disputeId: null,
    document: { ...evidence, role: 'evidence' },
    action: filing(receipt, {
      kind,
      epoch,
      proof,
      amountMicroUsd: String(amountMicroUsd),
      evidenceHash: evidence.hash,
    }),
  })
}

function filing({ type, json }: Disputed, filed: DisputedReceipt): DisputeAction {
  return type === 'LeaseReceipt'
    ? { action: 'file_lease', lease: json, ...filed }
    : { action: 'file', delivery: json, ...filed }
}

/** Whether this receipt can be disputed now, until when and for how much: what the form shows before anything is filed. */
export async function filingTerms(deps: DisputeDeps, input: { orgId: string } & Place): Promise<FilingTerms> {
  const { receipt, channel } = await ownReceipt(deps, input)
  const desk = deskOf(deps)
  const place = await anchoredProof(deps, receipt).catch((error: unknown) => {
    if (error instanceof AppError && error.code === 'state_conflict') return error.publicMessage
    throw error
  })
  const by = accountOf(deps, channel.ownerAddress) === null ? 'wallet' : 'platform'
  const about = receipt.type === 'LeaseReceipt' ? 'lease' : 'request'
  const terms = { bondMicroUsd: desk.facts.bondMicroUsd, by, about } as const
  if (typeof place === 'string') return { ...terms, leftMicroUsd: 0n, refusal: place, untilMs: null, earlier: [] }
  const leftMicroUsd = receipt.priceMicroUsd - (await desk.refundedOf(place.subject))
  const untilS = place.anchoredAtS + desk.facts.fileS
  const rows = await deps.store.disputes.disputesAbout(place.subject)
  return {
    ...terms,
    leftMicroUsd,
    untilMs: untilS * 1_000,
    refusal: refusalOf(leftMicroUsd, untilS, await desk.nowS()),
    earlier: rows.map((each) => disputeView(each, new Map())),
  }
}

function refusalOf(leftMicroUsd: bigint, untilS: number, nowS: number): string | null {
  if (leftMicroUsd <= 0n) return 'Nothing of this receipt’s price is left to refund.'
  return nowS > untilS ? 'The time to dispute this receipt is over.' : null
}

export interface WithheldInput extends Asker {
  lane: string
  epoch: number
  evidence: DocumentInput
}

/** Says that the file of an anchored epoch is not to be had. */
export async function fileWithheld(deps: DisputeDeps, input: WithheldInput): Promise<DisputePlan> {
  const { orgId, userId, lane, epoch } = input
  const evidence = checkDocument('evidence', input.evidence)
  const channel = await channelOf(deps, orgId)
  await assertRoomForBond(deps, orgId, channel)
  if ((await deskOf(deps).anchoredAtS(lane as Hex, epoch)) === null) throw await whyNoAnchor(deps, lane, epoch)
  return planStep(deps, {
    orgId,
    userId,
    sender: channel.ownerAddress,
    subject: `${lane}:${epoch}`,
    disputeId: null,
    document: { ...evidence, role: 'evidence' },
    action: { action: 'withheld', lane: lane as Hex, epoch, evidenceHash: evidence.hash },
  })
}

async function whyNoAnchor({ store }: DisputeDeps, lane: string, epoch: number): Promise<AppError> {
  const [known] = await store.readings.epochsByKey([{ lane, epoch: BigInt(epoch) }])
  return known ? notAnchored() : new AppError('not_found', { publicMessage: 'This lane has closed no such epoch.' })
}

export interface ChallengeInput extends Asker {
  providerId: string | null
  lane: string
  epoch: number
  nodeId: string
  evidence: DocumentInput
}

/** Says that a node's performance record is wrong: a panel of arbiters judges it. By a payer's account, or the provider's own. */
export async function challengeRecord(deps: DisputeDeps, input: ChallengeInput): Promise<DisputePlan> {
  const { orgId, userId, lane, epoch, nodeId } = input
  const evidence = checkDocument('evidence', input.evidence)
  const [record] = await deps.store.evidence.recordVersions({ nodeId, lane, epoch: BigInt(epoch) })
  if (!record) throw new AppError('not_found', { publicMessage: 'This node has no record in this epoch.' })
  if (record.status !== 'reported') {
    const publicMessage =
      record.status === 'signed'
        ? 'This record is not on the chain yet: it can be challenged once it is.'
        : `This record is ${record.status}: it can be challenged only between its report and the end of its window.`
    throw new AppError('state_conflict', { publicMessage })
  }
  const own = input.providerId === record.providerId ? await deps.store.providers.byId(record.providerId) : null
  const channel = own ? null : await channelOf(deps, orgId)
  // Where its account is the platform's, the bond is the platform's money here too.
  if (channel) await assertRoomForBond(deps, orgId, channel)
  if (own) await assertRoomForChallenge(deps, orgId, own)
  const sender = own?.ownerAddress ?? channel?.ownerAddress ?? ''
  return planStep(deps, {
    orgId,
    userId,
    sender,
    subject: `${nodeId}:${lane}:${epoch}`,
    disputeId: null,
    document: { ...evidence, role: 'evidence' },
    action: { action: 'challenge', nodeId: nodeId as Hex, lane: lane as Hex, epoch, evidenceHash: evidence.hash },
  })
}

/** A receipt that a contract takes as the subject of a dispute, as its lane signed it. */
interface Disputed {
  type: 'DeliveryReceipt' | 'LeaseReceipt'
  json: StructJson
  lane: string
  epoch: bigint | null
  priceMicroUsd: bigint
}

/** What belongs to another organisation is not there. */
async function ownReceipt(
  deps: DisputeDeps,
  { orgId, lane, seq }: { orgId: string } & Place,
): Promise<{ receipt: Disputed; channel: ChannelRow }> {
  const { funding, evidence } = deps.store
  const channel = await funding.channelOfOrg(orgId)
  const delivery = await evidence.receipt(lane, BigInt(seq))
  const lease = delivery ? null : await evidence.leaseReceipt(lane, BigInt(seq))
  const row = delivery ?? lease
  if (!row || !channel || row.channelId !== channel.id) {
    throw new AppError('not_found', {
      publicMessage: 'Your organisation paid for no receipt of that number in this lane.',
    })
  }
  const of = lease
    ? ({ type: 'LeaseReceipt', json: lease.receipt as StructJson } as const)
    : ({ type: 'DeliveryReceipt', json: delivery?.delivery as StructJson } as const)
  return { receipt: { ...of, lane: row.lane, epoch: row.epoch, priceMicroUsd: row.priceMicroUsd }, channel }
}

async function channelOf({ store }: DisputeDeps, orgId: string): Promise<ChannelRow> {
  const channel = await store.funding.channelOfOrg(orgId)
  if (channel) return channel
  throw new AppError('state_conflict', {
    publicMessage:
      'Your organisation has no channel yet, and so no account that could put up the bond. Add funds first.',
  })
}

/** The receipt's place under the root that the chain holds. @throws AppError `state_conflict` where there is none. */
async function anchoredProof(
  deps: DisputeDeps,
  { type, json, ...row }: Disputed,
): Promise<{ subject: Hex; proof: Hex[]; epoch: number; anchoredAtS: number }> {
  const { store } = deps
  if (row.epoch === null) {
    throw new AppError('state_conflict', {
      publicMessage:
        'Its epoch is still open, so not anchored on the chain yet. Come back when it is: only then can it be disputed.',
    })
  }
  const [epoch] = await store.readings.epochsByKey([{ lane: row.lane, epoch: row.epoch }])
  const anchor = epoch && (await deskOf(deps).anchoredAtS(row.lane as Hex, Number(epoch.epoch)))
  if (!epoch || !anchor) throw notAnchored()
  const subject = structHash(type, decodeStruct(type, json))
  const leaf = leafOfHash(type, subject)
  const built = await epochTree(store.evidence, epoch)
  if (built.tree === null) {
    const publicMessage = `Without its proof this receipt cannot be disputed here. ${built.missing}`
    throw new AppError('state_conflict', { publicMessage })
  }
  const proof = built.tree.proofOf(leaf)
  if (proof === null || !verifyMerkleProof(anchor.root as Hex, leaf, proof)) {
    throw new AppError('state_conflict', {
      publicMessage: 'This receipt is not under the root that its lane anchored: it cannot be disputed by a proof.',
    })
  }
  return { subject, proof, epoch: Number(epoch.epoch), anchoredAtS: anchor.anchoredAtS }
}

function notAnchored(): AppError {
  return new AppError('state_conflict', {
    publicMessage: 'Its epoch is not anchored on the chain yet. Come back when it is: only then can it be disputed.',
  })
}
