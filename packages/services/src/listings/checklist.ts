/** How far a listing is, step by step; what failed says what to do about it. */
import type { ListingStatus } from '@isochrone/domain'
import type { CheckView, ChecklistItem, DetectedNode } from '../queries/views/listings.ts'
import type { ListingDraft } from './listing-draft.ts'

export interface ListingProgress {
  status: ListingStatus
  draft: ListingDraft
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
    draft.prices
      ? item('prices', 'done', 'Prices are set.')
      : item('prices', 'open', 'No prices yet.', 'Set them beside those of the market.'),
    draft.promises
      ? item('promises', 'done', 'Promises are set.')
      : item(
          'promises',
          'open',
          'No promises: nothing is due when it is slow.',
          'Promise what you can keep, or leave it.',
        ),
    checksItem(progress, isSubmitted),
    progress.keyTx
      ? item('chain', 'done', 'The node’s key is on the chain.')
      : item('chain', isSubmitted ? 'waiting' : 'open', 'The node’s key goes to the chain after its checks.'),
    progress.node?.status === 'active'
      ? item('market', 'done', 'It is on the market.')
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
