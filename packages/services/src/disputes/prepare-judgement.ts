/**
 * An arbiter's vote on a challenged record, up to the wallet: the reason is kept under its hash, the vote is rehearsed on the
 * chain as it is, and the call to sign is handed over. Nothing here can vote.
 */
import { AppError } from '@isochrone/domain'
import type { DisputeAction, Hex } from '@isochrone/protocol'
import { checkDocument } from './documents.ts'
import { accountOf, deskOf, type DisputeDeps } from './place-order.ts'
import type { PreparedRuling } from './prepare-ruling.ts'
import { nameOf, recordChallenge } from './record-cases.ts'
import type { RecordChallengeView } from './views.ts'
import type { RecordKey } from './record-key.ts'

export interface JudgementInput extends RecordKey {
  userId: string
  /** The wallet that will sign. */
  arbiter: string
  /** True: the record is wrong. */
  upheld: boolean
  reason: string
}

export async function prepareJudgement(deps: DisputeDeps, input: JudgementInput): Promise<PreparedRuling> {
  const { userId, upheld } = input
  const arbiter = input.arbiter.toLowerCase() as Hex
  const reason = checkDocument('reason', { mediaType: 'text/plain', text: input.reason.trim() })
  const found = await recordChallenge(deps, input)
  await assertMayJudge(deps, found, { arbiter, userId })
  const action: DisputeAction = { action: 'judge', ...nameOf(input), upheld, reasonHash: reason.hash }
  const desk = deskOf(deps)
  const rehearsal = await desk.rehearse(arbiter, action)
  const refusal = rehearsal.steps[0]?.refusal
  if (refusal) throw conflict(refusal)
  const { hash, mediaType, text: body } = reason
  await deps.store.disputes.saveDocument({ hash, role: 'reason', mediaType, body, orgId: null, userId })
  return { reasonHash: hash, rehearsal, calls: await desk.calls(arbiter, action) }
}

/** Late, twice or conflicted: each in a sentence of its own, before the chain would say it in general. */
async function assertMayJudge(
  deps: DisputeDeps,
  { record, open }: RecordChallengeView,
  { arbiter, userId }: { arbiter: Hex; userId: string },
): Promise<void> {
  if (!open) throw conflict('Nobody challenges this record now: there is nothing to judge.')
  if ((await deskOf(deps).nowS()) * 1_000 > open.rulingEndsAtMs) {
    const until = new Date(open.rulingEndsAtMs).toISOString()
    throw conflict(`The time to judge was over at ${until}. The record stands, and the bond goes back.`)
  }
  const { nodeId, lane, epoch, providerId } = record
  const isPlatforms = accountOf(deps, open.challenger) !== null
  const parties = await deps.store.disputes.partiesOfRecord({
    providerId,
    subject: `${nodeId}:${lane}:${epoch}`,
    challenger: isPlatforms ? null : open.challenger,
  })
  const another = 'and nobody judges its own case. Another arbiter of the panel has to vote.'
  if (parties.userIds.includes(userId)) throw conflict(`You work for a party to this challenge, ${another}`)
  if ([open.challenger, ...parties.addresses].includes(arbiter)) {
    throw conflict(`This wallet is a party to this challenge, ${another}`)
  }
  if (open.panel.length === 0) throw conflict('No panel is drawn yet: that takes two blocks. Try again in a moment.')
  const seat = open.panel.find(({ address }) => address === arbiter)
  if (!seat) throw conflict('This wallet is not on the panel of this challenge. Only its three members vote.')
  if (seat.vote) {
    throw conflict(
      `This wallet has voted on this challenge already, and a vote stands. Its reason is ${seat.vote.reasonHash}.`,
    )
  }
}

function conflict(publicMessage: string): AppError {
  return new AppError('state_conflict', { publicMessage })
}
