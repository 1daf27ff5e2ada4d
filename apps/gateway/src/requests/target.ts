/** Where an attempt goes. */
import type { NodeState, Hex } from '@isochrone/protocol'
import type { NodeSession } from '../ports.ts'

/** A node that one attempt goes to, with its terms as they stand now. */
export interface Target {
  session: NodeSession
  node: NodeState
  modelHash: Hex
  rttMs: number
}
