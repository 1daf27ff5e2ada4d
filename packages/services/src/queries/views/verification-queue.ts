/** What staff see of nodes whose checks want a person. */
import type { VerificationStatus } from '@isochrone/domain'
import type { CheckView } from './listings.ts'
import type { VerificationFilter } from '../../ports/verification-filter.ts'

export interface VerificationQueueInput {
  show?: VerificationFilter | undefined
  /** Words of the node's or provider's name, or the start of an id. */
  q?: string | undefined
  cursor?: string | undefined
  limit?: number | undefined
}

export interface QueuedCheck extends CheckView {
  /** What it was judged by, as JSON text; cut where it is huge. */
  inputs: string
}

export interface QueuedNode {
  /** `node_…` */
  id: string
  name: string
  providerId: string
  providerName: string
  status: 'joining' | 'active'
  trust: string
  standing: VerificationStatus
  checkedAtMs: number | null
  dueAtMs: number
  checks: QueuedCheck[]
}
