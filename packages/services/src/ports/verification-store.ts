/** What verification needs of the database and of the world: rows, witnesses, and somebody who asks replicas. */
import type { Verdict, VerificationStatus } from '@isochrone/domain'
import type { EchoReport, Hex, MatmulReport, SignedReport, WitnessFacts } from '@isochrone/protocol'
import type { TrustLevel } from '@isochrone/scheduler'
import type { CheckKind } from '../verification/checks/check-result.ts'
import type { ListedNodeRow } from './rows.ts'
import type { VerificationFilter } from './verification-filter.ts'

export interface CheckRow {
  id: string
  nodeId: string
  kind: CheckKind
  verdict: Verdict
  finding: string
  fix: string | null
  inputs: unknown
  simulated: boolean
  checkedAt: Date
  validUntil: Date
}

export interface NodeVerificationRow {
  nodeId: string
  status: VerificationStatus
  dueAt: Date
  checkedAt: Date | null
}

export interface QueueRow {
  nodeId: string
  /** `node_…` */
  id: string
  name: string
  providerId: string
  providerName: string
  status: 'joining' | 'active'
  trust: string
  standing: VerificationStatus
  checkedAt: Date | null
  dueAt: Date
}

export interface ReplayTrialRow {
  requestId: string
  nodeId: string
  modelHash: string
  agreed: boolean
  references: string[]
  triedAt: Date
}

/** A witness, and the round trip that it measured to one node. */
export interface MeasuredRtt {
  /** Lower-case address. */
  witness: string
  name: string
  url: string
  /** Its place is made up. */
  isPlaceSimulated: boolean
  rttUs: number
  /** The echoes ran through the delay shim, or its place is made up. */
  simulated: boolean
}

export interface VerificationStore {
  /** Makes the row when there is none; else brings the time forward, or has a node that is being checked checked again. */
  makeDue(nodeId: string, dueAt: Date): Promise<void>
  /** Takes nodes that are due, each until `claimedTo`: no two workers check one at a time. */
  claimDue(now: Date, claimedTo: Date, limit: number): Promise<string[]>
  standing(nodeIds: readonly string[]): Promise<NodeVerificationRow[]>
  /** Ends a check that began at `checkedAt`: the new status, and when it is due again unless somebody asked meanwhile. */
  finish(row: { nodeId: string; status: VerificationStatus; dueAt: Date; checkedAt: Date }): Promise<void>
  insertChecks(rows: readonly CheckRow[]): Promise<void>
  /** The newest of each kind, whatever its age. */
  newestChecks(nodeIds: readonly string[]): Promise<CheckRow[]>
  /** Nodes that are not revoked, soonest due first. */
  queue(filter: {
    show: VerificationFilter
    words: string | null
    now: Date
    after: { at: Date; id: string } | null
    limit: number
  }): Promise<QueueRow[]>
  /** Of each node those that a newer one of its kind came after, newest first: at most so many of a kind, without inputs. */
  earlierChecks(nodeIds: readonly string[], limit: number): Promise<Omit<CheckRow, 'inputs'>[]>
  /** Newest first. */
  checks(nodeId: string, limit: number): Promise<CheckRow[]>
  /** Of one kind, since then, newest first. */
  checksOf(nodeId: string, kind: CheckKind, since: Date, limit: number): Promise<CheckRow[]>
  /** Each takes the place of the same witness's earlier one; what a witness measured no more keeps its age. */
  setRtts(nodeId: string, rtts: readonly MeasuredRtt[], measuredAt: Date): Promise<void>
  /** True for a report that is newer than the last. */
  acceptReport(nodeId: string, sentAtMs: number): Promise<boolean>
  /** The node's GPUs as it names them now; those that it named before and names no more are forgotten. */
  claimGpus(nodeId: string, uuids: readonly string[], now: Date): Promise<void>
  /** This node's UUIDs that nodes which are not revoked named before it, and after it. */
  otherClaims(nodeId: string): Promise<{ namedEarlier: string[]; namedLater: string[] }>
  /** What an agent said of itself; `engine` null where it said nothing of it. */
  setInventory(
    nodeId: string,
    input: { inventory: object; models: object; engine: object | null; gpuClass: string },
  ): Promise<void>
  insertTrial(row: ReplayTrialRow): Promise<void>
  trials(nodeId: string, modelHash: string, since: Date): Promise<ReplayTrialRow[]>
  /** Of the node since then: receipts without a fault, and those of them that were corrected. */
  meteringCounts(nodeId: string, since: Date): Promise<{ receipts: number; overstated: number }>
  /** Of each kind the newest verdict that is valid or invalid, of those that have not run out. */
  standingChecks(nodeId: string, now: Date): Promise<CheckRow[]>
  /** True when its level was one of `from`. To `attested` it goes by its maker's signature alone, which nobody asks for yet. */
  moveTrust(nodeId: string, from: readonly TrustLevel[], to: Exclude<TrustLevel, 'attested'>): Promise<boolean>
}

export interface VerificationNodes {
  node(nodeId: string): Promise<ListedNodeRow | null>
  nodes(providerId?: string): Promise<ListedNodeRow[]>
}

/** One witness. A node that is not linked to it, or a witness that is away, gives null. */
export interface WitnessPort {
  /** Where it answers, for the worker, for agents, and for browsers. */
  readonly url: string
  facts(): Promise<WitnessFacts | null>
  echo(nodeId: Hex, samples: number): Promise<SignedReport<EchoReport> | null>
  /** All at the same moment; those that are not linked are left out. `portable`: by the agents' own code, whatever helpers they have. */
  matmul(nodeIds: readonly Hex[], order: number, portable?: boolean): Promise<SignedReport<MatmulReport>[]>
}

/** Asks one node, as a paying customer does; null when it gave no whole answer. */
export interface ReplayPort {
  ask(input: { nodeId: Hex; model: string; prompt: string }): Promise<{ requestId: string; text: string } | null>
}
