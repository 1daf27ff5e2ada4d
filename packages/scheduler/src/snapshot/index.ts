export { decide, ENGINE_VERSION } from './decide.ts'
export { replayDecision } from './replay-decision.ts'
export { createReplicaEstimator } from './replica-estimator.ts'
export type { AttemptObservation, ReplicaEstimator, ReplicaEstimate } from './replica-estimator.ts'
export type {
  CandidateRow,
  FleetSnapshot,
  Placement,
  PlacementRecord,
  PlacementRequest,
  RejectionReason,
  ReplicaView,
  ScoreTerms,
} from './types.ts'
