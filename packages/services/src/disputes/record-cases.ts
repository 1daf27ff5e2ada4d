/** Challenged performance records, as staff and arbiters see them: what the record says, who says that it is wrong, and the votes. */
import type { Hex } from '@isochrone/protocol'
import type { RecordVoteOnChain } from '../ports/dispute-port.ts'
import { recordDetail } from '../queries/records.ts'
import { deskOf, type DisputeDeps } from './place-order.ts'
import { pathsAround, recordEvidence, spanOf } from './record-evidence.ts'
import { documentView, type RecordCaseView, type RecordChallengeView, type RecordVoteView } from './views.ts'
import type { RecordKey } from './record-key.ts'

/** For the desk, with all that the receipts and witnesses say. @throws AppError `not_found` where there is no such record. */
export async function recordCase(deps: DisputeDeps, key: RecordKey): Promise<RecordCaseView> {
  const challenge = await recordChallenge(deps, key)
  const [epoch] = await deps.store.readings.epochsByKey([{ lane: key.lane, epoch: BigInt(key.epoch) }])
  const epochClosedAtMs = Number(epoch?.closedAtMs ?? 0)
  const evidence = await recordEvidence(deps, key, { readsLeases: true })
  const { fromMs, toMs } = spanOf(evidence) ?? { fromMs: epochClosedAtMs, toMs: epochClosedAtMs }
  return { ...challenge, evidence, epochClosedAtMs, paths: await pathsAround(deps, key.nodeId, [fromMs, toMs]) }
}

/** The record, its challenge and its votes. @throws AppError `not_found` where there is no such record. */
export async function recordChallenge(deps: DisputeDeps, key: RecordKey): Promise<RecordChallengeView> {
  const record = await recordDetail(deps, key)
  const { open, votes } = await deskOf(deps).recordCase(nameOf(key))
  const hashes = [...votes.map(({ reasonHash }) => reasonHash), ...(open ? [open.evidenceHash] : [])]
  const documents = new Map((await deps.store.disputes.documents(hashes)).map((row) => [row.hash, documentView(row)]))
  const voteView = (vote: RecordVoteOnChain): RecordVoteView => ({
    ...vote,
    arbiter: vote.arbiter.toLowerCase(),
    reason: documents.get(vote.reasonHash)?.text ?? null,
  })
  return {
    record,
    open: open && {
      challenger: open.challenger.toLowerCase(),
      bondMicroUsd: open.bond,
      rulingEndsAtMs: open.rulingEndsAtS * 1_000,
      evidenceHash: open.evidenceHash,
      evidence: documents.get(open.evidenceHash)?.text ?? null,
      panel: open.panel.map(({ address, vote }) => ({ address: address.toLowerCase(), vote: vote && voteView(vote) })),
    },
    votes: votes.map(voteView),
  }
}

/** As the chain names it. */
export function nameOf({ lane, epoch, nodeId }: RecordKey): { nodeId: Hex; lane: Hex; epoch: number } {
  return { nodeId: nodeId as Hex, lane: lane as Hex, epoch }
}
