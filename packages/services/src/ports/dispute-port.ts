/** Disputes as services see the chain: what a dispute is, what can be asked of it, and who sends. Amounts in µUSD. */
import type { DisputeKind, DisputeState } from '@isochrone/domain'
import type { DisputeAction, Hex } from '@isochrone/protocol'
import type { RecordName, Sent } from './chain-port.ts'

export interface DisputeOnChain {
  state: DisputeState
  kind: DisputeKind
  filer: string
  deadlineS: number
  amount: bigint
  refund: bigint
  bond: bigint
  frozen: bigint
  locked: bigint
  subject: string
  channelId: string
  providerId: string
  lane: string
  epoch: number
  appellant: string | null
  price: bigint
  appealBond: bigint
  appealRefund: bigint
}

/** A call that a wallet is asked to send. */
export interface ChainCall {
  label: string
  to: Hex
  data: Hex
}

export interface BalanceChange {
  /** Whose: `payer channel`, `provider stake`, … */
  holder: string
  beforeMicroUsd: bigint
  afterMicroUsd: bigint
}

export interface RehearsedStep {
  label: string
  /** Why it was refused; null where it went through. */
  refusal: string | null
}

/** What a step would do on the chain as it is now. */
export interface Rehearsal {
  blockNumber: bigint
  steps: RehearsedStep[]
  balances: BalanceChange[]
}

export interface DisputeFacts {
  bondMicroUsd: bigint
  appealBondMicroUsd: bigint
  challengeBondMicroUsd: bigint
  /** After the anchor, s. */
  fileS: number
}

/** A vote on a challenged record. */
export interface RecordVoteOnChain {
  arbiter: string
  /** True: the record is wrong, says this arbiter. */
  upheld: boolean
  reasonHash: string
  txHash: string
}

/** A record's open challenge, and the votes on all that it ever had. */
export interface RecordCaseOnChain {
  open: {
    challenger: string
    bond: bigint
    rulingEndsAtS: number
    evidenceHash: string
    /** Empty before the draw. */
    panel: readonly { address: string; vote: RecordVoteOnChain | null }[]
  } | null
  votes: readonly RecordVoteOnChain[]
}

/** What the pages ask of the chain. */
export interface DisputeDeskChain {
  facts: DisputeFacts
  /** µUSD that were refunded of a receipt. */
  refundedOf(subject: Hex): Promise<bigint>
  /** Null when it was never anchored. */
  anchoredAtS(lane: Hex, epoch: number): Promise<{ root: string; anchoredAtS: number } | null>
  /** The clock by which the contract decides, s. */
  nowS(): Promise<number>
  arbiters(): Promise<string[]>
  recordCase(record: RecordName): Promise<RecordCaseOnChain>
  /** Calls that `from` has to send for this step, bond included where it is not approved yet. */
  calls(from: Hex, action: DisputeAction): Promise<ChainCall[]>
  /** Refusals are in the answer; throws `chain_unavailable` where the endpoint cannot simulate. */
  rehearse(from: Hex, action: DisputeAction): Promise<Rehearsal>
}

/** Who sends for organisations without a wallet of their own. */
export type DisputeAccount = 'managed' | 'operator'

/** What the worker does on the chain. */
export interface DisputeChain {
  addresses: Record<DisputeAccount, Hex>
  nowS(): Promise<number>
  /** After which a panel that nobody drew can rule no more, s. */
  ruleS: number
  /** Null when there is no such dispute. */
  dispute(disputeId: bigint): Promise<DisputeOnChain | null>
  /** Safe to repeat: what is on the chain already counts as done. */
  send(account: DisputeAccount, action: DisputeAction): Promise<Sent & { disputeId: bigint | null }>
  execute(disputeId: bigint): Promise<Sent>
}
