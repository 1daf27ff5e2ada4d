/** Disputes in words: what is said, and what comes next. */
import type { DisputeKind } from '@isochrone/domain'
import type { DisputeCase, DisputeView } from '@isochrone/services'

export const disputeKindWords: Record<DisputeKind, { label: string; hint: string }> = {
  overcharge: { label: 'Overcharged', hint: 'More was billed than was delivered, or than the terms allow.' },
  not_delivered: { label: 'Not delivered', hint: 'The answer never arrived, or was cut.' },
  wrong_output: { label: 'Wrong output', hint: 'Another model answered, or a lesser copy of it.' },
  withheld: { label: 'File withheld', hint: 'The epoch’s file is not to be had.' },
}

export const filableKinds = ['overcharge', 'not_delivered', 'wrong_output'] as const
export type FilableKind = (typeof filableKinds)[number]

const leaseWords: Record<FilableKind, { label: string; hint: string }> = {
  overcharge: { label: 'Overcharged', hint: 'More time was billed than was served, or more than the terms allow.' },
  not_delivered: { label: 'Not served', hint: 'The lease did not answer in that time, or was cut off.' },
  wrong_output: { label: 'Not what was rented', hint: 'Another model ran, or lesser hardware than the terms say.' },
}

/** Of a dispute, in the words of what it is about. */
export function caseWords({ dispute: { kind }, lease }: Pick<DisputeCase, 'dispute' | 'lease'>) {
  return lease && kind !== 'withheld' ? leaseWords[kind] : disputeKindWords[kind]
}

/** What can be claimed of a receipt, in the words of what it bills. */
export function claimWords(kind: FilableKind, about: 'request' | 'lease'): { label: string; hint: string } {
  return about === 'lease' ? leaseWords[kind] : disputeKindWords[kind]
}

const nextSteps: Record<DisputeView['state'], string> = {
  filed: 'answer',
  answered: 'panel and ruling',
  drawn: 'ruling',
  ruled: 'appeal',
  appealed: 'second panel and ruling',
  appeal_drawn: 'ruling on appeal',
  appeal_ruled: 'execution',
  executed: 'closed',
  dismissed: 'closed',
  lapsed: 'closed',
}

/** What its deadline is for. */
export function nextStepOf({ state }: Pick<DisputeView, 'state'>): string {
  return nextSteps[state]
}

export function isClosed({ state }: Pick<DisputeView, 'state'>): boolean {
  return nextSteps[state] === 'closed'
}
