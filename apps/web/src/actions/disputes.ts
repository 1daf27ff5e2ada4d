'use server'
/** What the forms about disputes do: file, answer, appeal; for staff, prepare a vote. Amounts arrive as dollars in text. */
import type { DisputePlan, PreparedRuling } from '@isochrone/services'
import { revalidatePath } from 'next/cache'
import type { ActionResult } from '~/lib/page/result.ts'
import { actionResult } from '~/server/page-data.ts'

export interface DocumentForm {
  mediaType: string
  text: string
}

export async function fileDispute(input: {
  lane: string
  seq: number
  kind: 'overcharge' | 'not_delivered' | 'wrong_output'
  amountUsd: string
  evidence: DocumentForm
}): Promise<ActionResult<DisputePlan>> {
  const result = await actionResult((api) => api.disputes.file(input))
  revalidatePath('/disputes')
  return result
}

export async function respondToDispute(input: {
  id: string
  answer: DocumentForm
}): Promise<ActionResult<DisputePlan>> {
  const result = await actionResult((api) => api.disputes.respond(input))
  revalidatePath('/disputes')
  return result
}

export async function appealDispute(input: { id: string }): Promise<ActionResult<DisputePlan>> {
  const result = await actionResult((api) => api.disputes.appeal(input))
  revalidatePath('/disputes')
  return result
}

export async function challengeRecord(input: {
  lane: string
  epoch: number
  nodeId: string
  evidence: DocumentForm
}): Promise<ActionResult<DisputePlan>> {
  const result = await actionResult((api) => api.disputes.challengeRecord(input))
  revalidatePath('/disputes')
  return result
}

export async function fileWithheld(input: {
  lane: string
  epoch: number
  evidence: DocumentForm
}): Promise<ActionResult<DisputePlan>> {
  const result = await actionResult((api) => api.disputes.fileWithheld(input))
  revalidatePath('/disputes')
  return result
}

export async function prepareRuling(input: {
  id: string
  arbiter: string
  refundUsd: string
  reason: string
}): Promise<ActionResult<PreparedRuling>> {
  return actionResult((api) => api.admin.prepareRuling(input))
}

/** A vote on a challenged record; `nodeId`, `lane` and `epoch` name the record. */
export async function prepareJudgement(input: {
  lane: string
  epoch: number
  nodeId: string
  arbiter: string
  upheld: boolean
  reason: string
}): Promise<ActionResult<PreparedRuling>> {
  return actionResult((api) => api.admin.prepareJudgement(input))
}

export async function noteJudgement(input: {
  lane: string
  epoch: number
  nodeId: string
  arbiter: string
  txHash: string
}): Promise<ActionResult<{ txHash: string }>> {
  const result = await actionResult((api) => api.admin.noteJudgement(input))
  revalidatePath('/admin/disputes')
  return result
}

export async function noteVote(input: {
  id: string
  arbiter: string
  txHash: string
}): Promise<ActionResult<{ txHash: string }>> {
  const result = await actionResult((api) => api.admin.noteVote(input))
  revalidatePath(`/admin/disputes/${input.id}`)
  return result
}
