/**
 * An arbiter's vote, up to the wallet: the reason is kept under its hash, the vote is rehearsed on the chain as it is, and
 * the call to sign is handed over. Nothing here can vote.
 */
import { allowsStep, AppError, formatUsd } from '@isochrone/domain'
import type { DisputeAction, Hex } from '@isochrone/protocol'
import type { ChainCall, Rehearsal } from '../ports/dispute-port.ts'
import type { DisputeRow } from '../ports/dispute-store.ts'
import { checkDocument } from './documents.ts'
import { deskOf, type DisputeDeps } from './place-order.ts'
import { hashIn, type EventBody } from './event-text.ts'

export interface RulingInput {
  id: string
  userId: string
  /** The wallet that will sign. */
  arbiter: string
  refundMicroUsd: bigint
  reason: string
}

export interface PreparedRuling {
  reasonHash: string
  rehearsal: Rehearsal
  calls: ChainCall[]
}

export async function prepareRuling(deps: DisputeDeps, input: RulingInput): Promise<PreparedRuling> {
  const { userId, refundMicroUsd } = input
  const arbiter = input.arbiter.toLowerCase() as Hex
  const {
    hash,
    mediaType,
    text: body,
  } = checkDocument('reason', { mediaType: 'text/plain', text: input.reason.trim() })
  const row = /^\d{1,18}$/.test(input.id) ? await deps.store.disputes.dispute(BigInt(input.id)) : null
  if (!row) throw new AppError('not_found', { publicMessage: 'There is no such dispute here.' })
  await assertMayVote(deps, row, { arbiter, userId })
  if (refundMicroUsd < 0n || refundMicroUsd > row.amountMicroUsd) {
    throw new AppError('invalid_input', {
      publicMessage: `refundUsd: must be between zero and what is asked, ${formatUsd(row.amountMicroUsd)}.`,
      field: 'refundUsd',
    })
  }
  const desk = deskOf(deps)
  const action: DisputeAction = {
    action: 'rule',
    disputeId: String(row.id),
    refundMicroUsd: String(refundMicroUsd),
    reasonHash: hash,
  }
  const rehearsal = await desk.rehearse(arbiter, action)
  const refusal = rehearsal.steps[0]?.refusal
  if (refusal) throw new AppError('state_conflict', { publicMessage: refusal })
  await deps.store.disputes.saveDocument({ hash, role: 'reason', mediaType, body, orgId: null, userId })
  return { reasonHash: hash, rehearsal, calls: await desk.calls(arbiter, action) }
}

/** Late, twice or conflicted: each in a sentence of its own, before the chain would say it in general. */
async function assertMayVote(
  deps: DisputeDeps,
  row: DisputeRow,
  { arbiter, userId }: { arbiter: string; userId: string },
): Promise<void> {
  const refuse = (publicMessage: string) => new AppError('state_conflict', { publicMessage })
  if (!allowsStep(row.state, 'rule')) {
    throw refuse(
      `Dispute ${row.id} is ${row.state.replaceAll('_', ' ')}: votes are cast while a panel is drawn and has not ruled.`,
    )
  }
  if (BigInt(await deskOf(deps).nowS()) > row.deadlineS) {
    const until = new Date(Number(row.deadlineS) * 1_000).toISOString()
    throw refuse(
      `The time to rule was over at ${until}. Whoever likes can close the dispute now; without a ruling bonds go back.`,
    )
  }
  const parties = await deps.store.disputes.partiesOf(row)
  if (parties.userIds.includes(userId)) {
    throw refuse(
      'You work for a party to the dispute, and nobody judges its own case. Another arbiter of the panel has to vote.',
    )
  }
  if ([row.filer, row.appellant, ...parties.addresses].includes(arbiter)) {
    throw refuse(
      'This wallet is a party to the dispute, and nobody judges its own case. Another arbiter of the panel has to vote.',
    )
  }
  const events = await deps.store.disputes.disputeEvents(row.id)
  const drawn = events.findLastIndex(({ step }) => step === 'drawn')
  const panel = (events[drawn]?.body as EventBody | undefined)?.panel
  if (Array.isArray(panel) && !panel.includes(arbiter)) {
    const ruledBefore = events.some(({ step, body }) => step === 'voted' && (body as EventBody).arbiter === arbiter)
    throw refuse(
      ruledBefore && row.state === 'appeal_drawn'
        ? 'This wallet ruled on the dispute before: an appeal goes to three others.'
        : 'This wallet is not on the panel of this dispute. Only its three members vote.',
    )
  }
  const voted = events
    .slice(drawn + 1)
    .find(({ step, body }) => step === 'voted' && (body as EventBody).arbiter === arbiter)
  if (voted)
    throw refuse(
      `This wallet has voted on the dispute already, and a vote stands. Its reason is ${hashIn(voted.body as EventBody)}.`,
    )
}
