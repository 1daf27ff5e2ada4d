/** A party's next step in a dispute that is there: the provider answers, either party appeals. */
import { allowsStep, AppError } from '@isochrone/domain'
import type { DisputeRow } from '../ports/dispute-store.ts'
import { checkDocument, type DocumentInput } from './documents.ts'
import { partiesOf, type Asker } from './dispute-reads.ts'
import { deskOf, planStep, type DisputeDeps, type DisputePlan } from './place-order.ts'

export interface RespondInput extends Asker {
  id: string
  userId: string
  answer: DocumentInput
}

/** By whoever owns the provider on the chain. */
export async function respondToDispute(deps: DisputeDeps, input: RespondInput): Promise<DisputePlan> {
  const answer = checkDocument('answer', input.answer)
  const { row, isProvider } = await partiesOf(deps, input)
  const provider = isProvider ? await deps.store.providers.byId(row.providerId) : null
  if (!provider) {
    throw new AppError('forbidden', { publicMessage: 'Only the provider of the node answers this dispute.' })
  }
  await assertOpen(deps, row, 'respond')
  return planStep(deps, {
    orgId: input.orgId,
    userId: input.userId,
    sender: provider.ownerAddress,
    subject: `${row.id}:${answer.hash}`,
    disputeId: row.id,
    document: { ...answer, role: 'answer' },
    action: { action: 'respond', disputeId: String(row.id), answerHash: answer.hash },
  })
}

/** By the party whose case it is, with a bond, while the time to appeal runs. */
export async function appealDispute(
  deps: DisputeDeps,
  input: Asker & { id: string; userId: string },
): Promise<DisputePlan> {
  const { row, isProvider } = await partiesOf(deps, input)
  await assertOpen(deps, row, 'appeal')
  const provider = isProvider ? await deps.store.providers.byId(row.providerId) : null
  return planStep(deps, {
    orgId: input.orgId,
    userId: input.userId,
    sender: provider?.ownerAddress ?? row.filer,
    subject: String(row.id),
    disputeId: row.id,
    document: null,
    action: { action: 'appeal', disputeId: String(row.id) },
  })
}

async function assertOpen(deps: DisputeDeps, row: DisputeRow, step: 'respond' | 'appeal'): Promise<void> {
  if (!allowsStep(row.state, step)) {
    const publicMessage =
      step === 'respond'
        ? `This dispute is ${row.state.replaceAll('_', ' ')}: answers are taken until the panel has ruled.`
        : `This dispute is ${row.state.replaceAll('_', ' ')}: an appeal is taken between a ruling and its execution, once.`
    throw new AppError('state_conflict', { publicMessage })
  }
  if (BigInt(await deskOf(deps).nowS()) <= row.deadlineS) return
  throw new AppError('state_conflict', {
    publicMessage: `The time for this step was over at ${new Date(Number(row.deadlineS) * 1_000).toISOString()}.`,
  })
}
