/** The wizard's steps in their order, and which of them a listing has done. The step is in the URL. */
import type { ListingStatus } from '@isochrone/domain'
import type { ListingDetail } from '@isochrone/services'
import type { Step } from '~/components/ui/steps.tsx'

export const listingSteps = ['machine', 'agent', 'models', 'prices', 'promises', 'stake', 'review'] as const
export type ListingStep = (typeof listingSteps)[number]

const titles: Record<ListingStep, string> = {
  machine: 'Machine',
  agent: 'Agent',
  models: 'Models and engine',
  prices: 'Prices',
  promises: 'Promises',
  stake: 'Stake',
  review: 'Check and list',
}

export function stepOf(text: string | undefined, listing: ListingDetail): ListingStep {
  const asked = listingSteps.find((step) => step === text)
  if (asked) return asked
  return listingSteps.find((step) => !isDone(step, listing)) ?? 'review'
}

export function wizardSteps(listing: ListingDetail, current: ListingStep): Step[] {
  return listingSteps.map((step) => ({
    key: step,
    title: titles[step],
    state: step === current ? 'current' : isDone(step, listing) ? 'done' : 'ahead',
    href: `/provider/list/${listing.id}?step=${step}`,
  }))
}

export function nextStep(step: ListingStep): ListingStep {
  return listingSteps[listingSteps.indexOf(step) + 1] ?? 'review'
}

function isDone(step: ListingStep, { draft, node, models, status, stake, checklist }: ListingDetail): boolean {
  switch (step) {
    case 'machine':
      return draft.machine !== undefined
    case 'agent':
      return node !== null
    case 'models':
      return models.state === 'done'
    case 'prices':
      return draft.prices !== undefined
    case 'promises':
      return checklist.find((item) => item.step === 'promises')?.state === 'done'
    case 'stake':
      return stake.state === 'staked' || stake.state === 'withheld'
    case 'review':
      return status === 'live'
  }
}

/** What a step has saved, as text: the same as long as nobody saves something else there. */
export function savedAt(step: ListingStep, { draft }: ListingDetail): string {
  const saved: Partial<Record<ListingStep, unknown>> = draft
  return JSON.stringify(saved[step] ?? null)
}

const closed: Record<ListingStatus, string | undefined> = {
  draft: undefined,
  joined: undefined,
  submitted: 'It is being checked with what was said; nothing is edited now.',
  live: 'It is on the market: its terms stay as they are.',
  retired: 'It is off the market. List the machine again to start anew.',
  withdrawn: 'It was withdrawn. List the node again to start anew.',
}

/** Why nothing of a listing in this state can be edited; undefined where it can. */
export function whyClosed(status: ListingStatus): string | undefined {
  return closed[status]
}
