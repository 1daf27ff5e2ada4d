/** How far a listing is, step by step; what failed says what to do about it. */
import { formatUsd, type ListingStatus } from '@isochrone/domain'
import type { CheckView, ChecklistItem } from '../queries/views/listings.ts'
import type { ListingDraft } from './listing-draft.ts'
import type { ModelStanding } from './model-standing.ts'
import { promiseGap } from './promise-slip.ts'
import type { StakeStanding } from './stake-standing.ts'
import type { DetectedNode } from '../queries/views/detected-node.ts'

export interface ListingProgress {
  status: ListingStatus
  draft: ListingDraft
  stake: StakeStanding
  models: ModelStanding
  token: 'open' | 'used' | 'expired' | 'revoked' | null
  node: DetectedNode | null
  checks: readonly CheckView[]
  /** Whether the checks are younger than the last change of the listing. */
  checkedSince: boolean
  keyTx: string | null
}

export function checklistOf(progress: ListingProgress): ChecklistItem[] {
  const { status, draft } = progress
  const isSubmitted = status === 'submitted' || status === 'live'
  return [
    draft.machine
      ? item('machine', 'done', `${draft.machine.nodeName} in ${draft.machine.region}, ${draft.machine.country}`)
      : item('machine', 'open', 'The machine is not described yet.', 'Say where it stands.'),
    agentItem(progress),
    item('models', progress.models.state, progress.models.text, progress.models.fix),
    draft.prices
      ? item('prices', 'done', 'Prices are set.')
      : item('prices', 'open', 'No prices yet.', 'Set them beside those of the market.'),
    promiseItem(draft.promises),
    stakeItem(progress),
    checksItem(progress, isSubmitted),
    progress.keyTx
      ? item('chain', 'done', 'The node’s key is on the chain.')
      : item('chain', isSubmitted ? 'waiting' : 'open', 'The node’s key goes to the chain after its checks.'),
    progress.node?.status === 'active'
      ? item('market', 'done', 'It is on the market.')
      : status === 'retired'
        ? item('market', 'open', 'It is off the market for good.', 'List the machine again as a new listing.')
        : item('market', isSubmitted ? 'waiting' : 'open', 'It is not on the market yet.'),
  ]
}

function agentItem({ node, token }: ListingProgress): ChecklistItem {
  if (node?.models) {
    const { length } = node.models
    return item('agent', 'done', `${node.hardware} runs and serves ${length} model${length === 1 ? '' : 's'}.`)
  }
  if (node) return item('agent', 'waiting', `${node.hardware} has joined.`, 'Start the agent with the second command.')
  switch (token) {
    case 'open':
      return item('agent', 'waiting', 'Waiting for the agent.', 'Run the command on the machine.')
    case 'expired':
    case 'revoked':
      return item('agent', 'failed', `The token is ${token}.`, 'Make a new command.')
    case 'used':
    case null:
      return item('agent', 'open', 'No agent has joined.', 'Make the command and run it on the machine.')
  }
}

function promiseItem(promises: ListingDraft['promises']): ChecklistItem {
  if (!promises) {
    const fix = 'Promise what you can keep, or choose to promise nothing.'
    return item('promises', 'open', 'No promises: nothing is due when it is slow.', fix)
  }
  const gap = promiseGap(promises)
  if (gap !== null) return item('promises', 'failed', 'A promise has no penalty.', gap)
  if (promises.penaltyBps === 0) {
    return item('promises', 'done', 'Nothing is promised, as you chose: nothing is due when it is slow.')
  }
  const comesBack = `${promises.penaltyBps / 100} % comes back where one is broken.`
  return item('promises', 'done', `Promises are set: ${comesBack}`)
}

function stakeItem({ stake: { state, microUsd, askedMicroUsd, error } }: ListingProgress): ChecklistItem {
  const asked = `Your stake of ${formatUsd(askedMicroUsd ?? 0n)}`
  switch (state) {
    case 'staked':
      return item('stake', 'done', `${formatUsd(microUsd)} are staked on the chain.`)
    case 'withheld':
      return item('stake', 'done', 'Stake is withheld from first earnings: requests at once, leases once it is full.')
    case 'waiting':
      return item('stake', 'waiting', `${asked} is on its way to the chain.`, 'The node is listed once it is there.')
    case 'failed':
      return item(
        'stake',
        'failed',
        `${asked} did not reach the chain: ${error ?? 'it was refused.'}`,
        'Ask for it again.',
      )
    case 'none':
      return item('stake', 'open', 'No stake yet.', 'Stake now, or have it withheld from first earnings.')
  }
}

function checksItem({ status, checks, checkedSince }: ListingProgress, isSubmitted: boolean): ChecklistItem {
  // What was found before is of other terms.
  if (status === 'submitted' && !checkedSince) return item('checks', 'waiting', 'Being checked.')
  const wrong = checks.find(({ verdict }) => verdict === 'invalid')
  if (wrong) return item('checks', 'failed', wrong.finding, wrong.fix)
  if (!isSubmitted) return item('checks', 'open', 'Checked when it is submitted.')
  const valid = checks.filter(({ verdict }) => verdict === 'valid').length
  return item('checks', 'done', `${valid} of ${checks.length} checks are valid, none is invalid.`)
}

function item(
  step: ChecklistItem['step'],
  state: ChecklistItem['state'],
  text: string,
  fix: string | null = null,
): ChecklistItem {
  return { step, state, text, fix }
}
