/** What a verification asks of a chain. Public data alone; an endpoint that is away is an error, not a mismatch. */
import type { Hex } from '@isochrone/protocol'

export interface AnchorOnChain {
  root: Hex
  count: number
  /** µUSD. */
  sum: bigint
  dataHash: Hex
  fromSeq: number
  toSeq: number
  /** Lifetime Σ price of the lane after it, µUSD. */
  laneSum: bigint
}

/** An anchor that was looked for by its numbers. */
export interface AnchoredEpoch extends AnchorOnChain {
  epoch: number
}

export interface EpochContracts {
  chainId: number
  paymentChannels: Hex
  receiptAnchor: Hex
  slaLedger: Hex
}

/** A signed amount that somebody claimed: what the lane had signed up to then. */
export interface ClaimOnChain {
  channelId: Hex
  providerId: Hex
  epoch: number
  /** µUSD. */
  cumulative: bigint
}

/** A lane that claims for more of them is caught by the first. */
export const UNANCHORED_MAX = 20

/** By `channelId + providerId`, seen from one epoch of the lane. */
export interface LaneClaims {
  /** The newest of an epoch before. */
  before: Map<string, ClaimOnChain>
  /** The highest of the epoch itself. */
  at: Map<string, ClaimOnChain>
  /** The highest of later epochs. */
  after: Map<string, ClaimOnChain>
  /** One for each epoch that was claimed for and never anchored; at most {@link UNANCHORED_MAX}. */
  unanchored: ClaimOnChain[]
  /** The oldest block that was read, where there are older ones: claims in those are not here. */
  oldestBlock?: bigint
}

export interface RecordOnChain {
  version: number
  /** µUSD. */
  earned: bigint
  countsRoot: Hex
  /** Of the whole record: attempts and faults are in nothing else that the ledger keeps. */
  recordHash: Hex
  status: string
}

/** Nodes of which the ledger ever took a record of a (lane, epoch). */
export interface RecordedNodes {
  nodeIds: Hex[]
  /** The oldest block that was read, where there are older ones since the anchor: records in those are not here. */
  oldestBlock?: bigint
}

/** `epoch` null: no anchor names the file, from `oldestBlock` on where there are older ones. */
export interface EpochOfFile {
  epoch: { lane: Hex; epoch: number } | null
  oldestBlock?: bigint
}

export interface EpochChain {
  /** How sentences call it: the URL of the endpoint. */
  readonly name: string
  chainId(): Promise<number>
  /** The contracts that a deployment names; null where nobody said which to trust. */
  trustedContracts(): Promise<EpochContracts | null>
  /** Whether there is code at the address. */
  hasCode(address: Hex): Promise<boolean>
  /** As its event said. Null when the epoch was never anchored. */
  anchorEvent(lane: Hex, epoch: number): Promise<AnchorOnChain | null>
  /** As storage has it. */
  anchorStored(lane: Hex, epoch: number): Promise<Pick<AnchorOnChain, 'root' | 'count' | 'sum'> | null>
  /** The epoch whose anchor names a file of this hash. */
  epochOfFile(dataHash: Hex): Promise<EpochOfFile>
  /** The anchor that ends with this number, from before that of `epoch`; `out of reach` where not all was read. */
  anchorEndingAt(lane: Hex, toSeq: number, epoch: number): Promise<AnchoredEpoch | 'out of reach' | null>
  /** Paid on the vouchers of the three over all time, µUSD. */
  claimed(channelId: Hex, providerId: Hex, lane: Hex): Promise<bigint>
  /** Claims on vouchers of the lane, by what they were signed for. */
  claimsOf(lane: Hex, epoch: number): Promise<LaneClaims>
  /** Null when the node's key was never bound. */
  providerOfNode(nodeId: Hex): Promise<Hex | null>
  isTermsRegistered(providerId: Hex, termsHash: Hex): Promise<boolean>
  /** The record that stands for (node, lane, epoch); null when none was reported. */
  record(nodeId: Hex, lane: Hex, epoch: number): Promise<RecordOnChain | null>
  recordedNodes(lane: Hex, epoch: number): Promise<RecordedNodes>
}
