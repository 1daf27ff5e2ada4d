/** A lane's epoch on its way to money: closed by the gateway, ingested, anchored, claimed, settled. Never backwards. */
import type { StateTable } from '../state-machine.ts'

export type EpochStatus = 'closed' | 'anchored' | 'claimed' | 'settled'
export type EpochEvent = 'anchor' | 'claim' | 'settle'

export const epochTransitions: StateTable<EpochStatus, EpochEvent> = {
  closed: { anchor: 'anchored' },
  anchored: { claim: 'claimed' },
  claimed: { settle: 'settled' },
  settled: {},
}
