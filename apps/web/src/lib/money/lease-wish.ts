/** A lease as its form holds it: numbers as the text that was typed. What is wrong with them the service says, which owns the rules. */
import { usdFromMicroUsd } from '@isochrone/domain'
import type { DataPolicy, LeaseOffer, TrustLevel } from '@isochrone/services'

/** How the node is chosen: by its team, or by the service. */
export type LeaseWay = 'offer' | 'constraints'

export interface LeaseDraft {
  way: LeaseWay
  model: string
  gpus: string
  hours: string
  /** Dollars; null until somebody types it: then what the dearest node in question asks. */
  maxUsd: string | null
  /** Null: the cheapest of the list. */
  nodeId: string | null
  gpuClasses: string[]
  gpuMemoryGib: string
  regions: string[]
  dataPolicy: DataPolicy
  minTrust: TrustLevel
}

/** Who comes from a node wants that one. */
export function firstDraft(offers: readonly LeaseOffer[], nodeId: string | undefined): LeaseDraft {
  const first = offers.find(({ id }) => id === nodeId)
  return {
    way: first ? 'offer' : 'constraints',
    model: first?.models[0] ?? modelsOf(offers)[0] ?? '',
    gpus: '1',
    hours: '1',
    maxUsd: null,
    nodeId: first?.id ?? null,
    gpuClasses: [],
    gpuMemoryGib: '',
    regions: [],
    dataPolicy: 'any',
    minTrust: 'claimed',
  }
}

export const modelsOf = (offers: readonly LeaseOffer[]): string[] =>
  [...new Set(offers.flatMap(({ models }) => models))].toSorted()

/** The offers that serve the model, the one that is chosen, and the highest price in question. */
export function choiceOf(draft: LeaseDraft, offers: readonly LeaseOffer[]) {
  const serving = offers.filter(({ models }) => models.includes(draft.model))
  const chosen = draft.way === 'offer' ? (serving.find(({ id }) => id === draft.nodeId) ?? serving[0]) : undefined
  const inQuestion = chosen ? [chosen] : serving
  const dearest = inQuestion.reduce((most, { perGpuHourMicroUsd: price }) => (price > most ? price : most), 0n)
  return { serving, chosen, maxUsd: draft.maxUsd ?? usdFromMicroUsd(dearest) }
}

/** What both ways ask. */
export function questionOf(draft: LeaseDraft, maxUsd: string) {
  return {
    model: draft.model,
    gpus: Number(draft.gpus),
    durationMinutes: Math.round(Number(draft.hours) * 60),
    maxPerGpuHourUsd: maxUsd.trim(),
  }
}

export function constraintsOf({ gpuClasses, gpuMemoryGib, regions, dataPolicy, minTrust }: LeaseDraft) {
  const memory = gpuMemoryGib.trim()
  return { gpuClasses, gpuMemoryGibMin: memory === '' ? null : Number(memory), regions, dataPolicy, minTrust }
}
