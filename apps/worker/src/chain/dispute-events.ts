/** What `DisputeManager` reports, in the words of the services: one step of one dispute. */
import { disputeKinds, disputeStates, type IsochroneEvent } from '@isochrone/contracts-client'
import type { WhatHappened } from '@isochrone/services'

type DisputeEvent = Extract<WhatHappened, { kind: 'dispute' }>

export function disputeEventOf(event: IsochroneEvent): DisputeEvent | null {
  switch (event.eventName) {
    case 'DisputeFiled': {
      const { disputeId, filer, amount, evidenceHash, kind } = event.args
      const what = disputeKinds[kind] ?? 'overcharge'
      return happened('filed', disputeId, { filer: filer.toLowerCase(), kind: what, amount, evidenceHash })
    }
    case 'DisputeAnswered': {
      const { disputeId, from, answerHash } = event.args
      return happened('answered', disputeId, { from: from.toLowerCase(), answerHash })
    }
    case 'DrawArmed': {
      const { disputeId, appeal, drawBlock } = event.args
      return happened('armed', disputeId, { appeal, drawBlock })
    }
    case 'PanelDrawn': {
      const { disputeId, appeal, panel, deadline } = event.args
      return happened('drawn', disputeId, { appeal, panel: panel.map((one) => one.toLowerCase()), deadline })
    }
    case 'VoteCast': {
      const { disputeId, arbiter, refund, reasonHash } = event.args
      return happened('voted', disputeId, { arbiter: arbiter.toLowerCase(), refund, reasonHash })
    }
    case 'DisputeRuled': {
      const { disputeId, appeal, refund } = event.args
      return happened('ruled', disputeId, { appeal, refund })
    }
    case 'DisputeAppealed': {
      const { disputeId, appellant, bond } = event.args
      return happened('appealed', disputeId, { appellant: appellant.toLowerCase(), bond })
    }
    case 'RefundDrawn': {
      const { disputeId, fromPending, fromProvider, fromLane, fromTreasury } = event.args
      return happened('refunded', disputeId, { fromPending, fromProvider, fromLane, fromTreasury })
    }
    case 'DisputeClosed': {
      const { disputeId, state, refunded } = event.args
      return happened('closed', disputeId, { state: disputeStates[state] ?? 'lapsed', refunded })
    }
    default:
      return null
  }
}

function happened(
  step: DisputeEvent['step'],
  disputeId: bigint,
  values: Record<string, string | boolean | bigint | string[]>,
): DisputeEvent {
  const body = Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, typeof value === 'bigint' ? String(value) : value]),
  )
  return { kind: 'dispute', step, disputeId, body }
}
