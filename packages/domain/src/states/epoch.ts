/**
 * A lane's epoch on its way to money: closed by the gateway, ingested, anchored, claimed, settled. The chain is asked at
 * each step; it goes back only where a reorganisation removed what the chain had said.
 */
import type { StateTable } from '../state-machine.ts'

export type EpochStatus = 'closed' | 'anchored' | 'claimed' | 'settled'
export type EpochEvent = 'anchor' | 'claim' | 'settle' | 'reorganise' | 'reopen'

export const epochTransitions: StateTable<EpochStatus, EpochEvent> = {
  closed: { anchor: 'anchored' },
  anchored: { claim: 'claimed', reorganise: 'closed' },
  claimed: { settle: 'settled', reorganise: 'closed' },
  settled: { reorganise: 'closed', reopen: 'claimed' },
}
