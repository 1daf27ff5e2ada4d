/** The steps of a dispute in words. */
import { formatUsd } from '@isochrone/domain'

export type EventBody = Record<string, string | boolean | string[] | undefined>

/** Of evidence, answer or reason; null where the step carries none, or an empty one. */
export function hashIn({ evidenceHash, answerHash, reasonHash }: EventBody): string | null {
  const hash = evidenceHash ?? answerHash ?? reasonHash
  return typeof hash === 'string' && !/^0x0*$/.test(hash) ? hash : null
}

export function eventText(step: string, body: EventBody): string {
  const usd = (amount: EventBody[string]) => formatUsd(typeof amount === 'string' ? BigInt(amount) : 0n)
  const short = (address: EventBody[string]) =>
    typeof address === 'string' ? `${address.slice(0, 6)}…${address.slice(-4)}` : 'somebody'
  const onAppeal = body.appeal === true ? ' on appeal' : ''
  switch (step) {
    case 'filed':
      return `Filed by ${short(body.filer)}: ${usd(body.amount)} asked back.`
    case 'answered':
      return `Answered by ${short(body.from)}.`
    case 'armed':
      return `The draw of a panel${onAppeal} is set for the next block.`
    case 'drawn':
      return `Panel drawn${onAppeal}: ${Array.isArray(body.panel) ? body.panel.map(short).join(', ') : ''}.`
    case 'voted':
      return `${short(body.arbiter)} voted to refund ${usd(body.refund)}.`
    case 'ruled':
      return `Ruled${onAppeal}: refund ${usd(body.refund)}.`
    case 'appealed':
      return `Appealed by ${short(body.appellant)} with a bond of ${usd(body.bond)}.`
    case 'refunded':
      return `Drawn from pending ${usd(body.fromPending)}, provider’s stake ${usd(body.fromProvider)}, lane’s stake ${usd(body.fromLane)}, treasury ${usd(body.fromTreasury)}.`
    case 'closed':
      return `Closed as ${String(body.state)}: ${usd(body.refunded)} refunded.`
    default:
      return step
  }
}
