/** Every state that a page shows, as one exhaustive record each: an icon, a word, a tone and what it means. */
import {
  Anchor,
  Ban,
  BadgeCheck,
  CheckCheck,
  CircleAlert,
  CircleCheck,
  CircleDashed,
  CircleHelp,
  CirclePause,
  CircleX,
  Clock,
  FileCheck,
  Hourglass,
  LoaderCircle,
  LockOpen,
  PenLine,
  Radio,
  Snowflake,
  TriangleAlert,
  Unplug,
  type LucideIcon,
} from 'lucide-react'
import type {
  BatchStatus,
  EpochStatus,
  JobStatus,
  LeaseStatus,
  ListingStatus,
  RecordStatus,
  VerificationStatus,
} from '@isochrone/domain'
import type {
  Check,
  ClaimState,
  FundingOrderView,
  JoinTokenView,
  ProviderNode,
  ReceiptView,
  RequestSummary,
  SettlementStage,
  WebhookStatus,
} from '@isochrone/services'
import { Badge, type Tone } from './ui/badge.tsx'

interface Look {
  icon: LucideIcon
  word: string
  tone: Tone
  hint?: string
}

const requestLooks: Record<RequestSummary['status'], Look> = {
  succeeded: { icon: CircleCheck, word: 'succeeded', tone: 'good' },
  failed: { icon: CircleX, word: 'failed', tone: 'bad' },
  aborted: { icon: CirclePause, word: 'aborted', tone: 'warn', hint: 'The caller hung up before the end.' },
}

export const settlementLooks: Record<SettlementStage, Look> = {
  none: { icon: CircleDashed, word: 'no receipt', tone: 'neutral', hint: 'Nothing was signed for it.' },
  open: { icon: PenLine, word: 'signed', tone: 'neutral', hint: 'By the node and by the gateway.' },
  closed: { icon: FileCheck, word: 'epoch closed', tone: 'neutral', hint: 'Its lane has put it under a Merkle root.' },
  anchored: { icon: Anchor, word: 'anchored', tone: 'accent', hint: 'The root is on the chain.' },
  claimed: {
    icon: Hourglass,
    word: 'claimed',
    tone: 'accent',
    hint: 'Drawn from the payer’s channel.',
  },
  settled: { icon: CheckCheck, word: 'settled', tone: 'good', hint: 'Paid to the provider, less the fee.' },
}

const epochLooks: Record<EpochStatus, Look> = {
  closed: settlementLooks.closed,
  anchored: settlementLooks.anchored,
  claimed: settlementLooks.claimed,
  settled: settlementLooks.settled,
}

export const recordLooks: Record<RecordStatus, Look> = {
  signed: { icon: PenLine, word: 'signed', tone: 'neutral', hint: 'By the lane; on its way to the chain.' },
  reported: { icon: Hourglass, word: 'reported', tone: 'accent', hint: 'On the chain, open to challenge.' },
  challenged: {
    icon: TriangleAlert,
    word: 'challenged',
    tone: 'warn',
    hint: 'Said to be wrong; two of three arbiters judge.',
  },
  final: { icon: CheckCheck, word: 'final', tone: 'good', hint: 'It can no longer be challenged.' },
  invalid: { icon: CircleX, word: 'invalid', tone: 'bad', hint: 'Found wrong: what it would release is frozen.' },
}

/** Where a node's pay of an epoch stands. */
export const claimLooks: Record<ClaimState, Look & { hint: string }> = {
  closed: {
    icon: FileCheck,
    word: 'to be anchored',
    tone: 'neutral',
    hint: 'The epoch is closed; its root goes to the chain next.',
  },
  anchored: {
    icon: Anchor,
    word: 'to be claimed',
    tone: 'neutral',
    hint: 'The root is on the chain; the vouchers are claimed next.',
  },
  unclaimed: {
    icon: CircleAlert,
    word: 'channel short',
    tone: 'warn',
    hint: 'The payer’s channel had nothing to claim. What is due stays due, and is claimed when money or ceiling is there.',
  },
  claimed: {
    icon: Hourglass,
    word: 'waits for its record',
    tone: 'accent',
    hint: 'Claimed. Its record is reported next; without one the grace period ends the wait.',
  },
  in_window: {
    icon: Hourglass,
    word: 'in the window',
    tone: 'accent',
    hint: 'Its record is on the chain and open to challenge until the window ends.',
  },
  challenged: {
    icon: TriangleAlert,
    word: 'challenged',
    tone: 'warn',
    hint: 'Somebody has put up a bond and says that its record is wrong; two of three arbiters judge, by the end of the grace period at the latest.',
  },
  frozen: {
    icon: Snowflake,
    word: 'frozen',
    tone: 'bad',
    hint: 'Its record was found invalid. A corrected version releases it; without one the freeze ends by itself after its time.',
  },
  released: {
    icon: LockOpen,
    word: 'released',
    tone: 'accent',
    hint: 'Its record is final: the next settlement pays it out.',
  },
  grace: {
    icon: LockOpen,
    word: 'payable by grace',
    tone: 'accent',
    hint: 'No record came in time, and silence is no veto: the next settlement pays it out.',
  },
  paid: { icon: CheckCheck, word: 'paid', tone: 'good', hint: 'Paid out, less the fee.' },
  nothing_due: {
    icon: CircleDashed,
    word: 'nothing due',
    tone: 'neutral',
    hint: 'None of its receipts in this epoch cost anything.',
  },
}

const jobLooks: Record<JobStatus, Look> = {
  queued: { icon: Clock, word: 'queued', tone: 'neutral' },
  running: { icon: LoaderCircle, word: 'running', tone: 'accent' },
  succeeded: { icon: CircleCheck, word: 'succeeded', tone: 'good' },
  failed: { icon: CircleX, word: 'failed', tone: 'bad' },
  cancelled: { icon: Ban, word: 'cancelled', tone: 'warn' },
}

const batchLooks: Record<BatchStatus, Look> = {
  validating: { icon: Clock, word: 'validating', tone: 'neutral', hint: 'Its lines are being checked; none runs yet.' },
  in_progress: { icon: LoaderCircle, word: 'in progress', tone: 'accent' },
  finalizing: { icon: LoaderCircle, word: 'finalizing', tone: 'accent', hint: 'Its files are being written.' },
  completed: { icon: CircleCheck, word: 'completed', tone: 'good' },
  failed: { icon: CircleX, word: 'failed', tone: 'bad', hint: 'A line is at fault: nothing was run.' },
  expired: { icon: Hourglass, word: 'expired', tone: 'warn', hint: 'Its window ended before its last lines.' },
  cancelling: { icon: LoaderCircle, word: 'cancelling', tone: 'warn' },
  cancelled: { icon: Ban, word: 'cancelled', tone: 'warn' },
}

const leaseLooks: Record<LeaseStatus, Look> = {
  requested: { icon: Clock, word: 'requested', tone: 'neutral', hint: 'Its GPUs are taken; its money is being held.' },
  provisioning: { icon: LoaderCircle, word: 'provisioning', tone: 'accent', hint: 'Its engine is being started.' },
  running: { icon: Radio, word: 'running', tone: 'good', hint: 'It is served and metered.' },
  moving: { icon: TriangleAlert, word: 'moving', tone: 'warn', hint: 'Its node is gone; another one is looked for.' },
  stopping: { icon: Hourglass, word: 'stopping', tone: 'accent', hint: 'Its last reading is taken.' },
  stopped: { icon: CircleCheck, word: 'stopped', tone: 'neutral' },
  expired: { icon: CheckCheck, word: 'expired', tone: 'neutral', hint: 'The time that was paid for is over.' },
  failed: { icon: CircleX, word: 'failed', tone: 'bad', hint: 'What it did not use was given back.' },
}

const webhookLooks: Record<WebhookStatus, Look> = {
  pending: { icon: Clock, word: 'on its way', tone: 'accent' },
  delivered: { icon: CircleCheck, word: 'delivered', tone: 'good' },
  dead: {
    icon: CircleX,
    word: 'dead',
    tone: 'bad',
    hint: 'Every attempt failed. Send it again when the address works.',
  },
}

const orderLooks: Record<FundingOrderView['status'], Look> = {
  requested: { icon: PenLine, word: 'requested', tone: 'neutral', hint: 'The worker will send it in a moment.' },
  sent: { icon: LoaderCircle, word: 'sent', tone: 'accent', hint: 'On its way into a block.' },
  final: { icon: CheckCheck, word: 'final', tone: 'good' },
  failed: { icon: CircleX, word: 'failed', tone: 'bad' },
}

const tokenLooks: Record<JoinTokenView['status'], Look> = {
  open: { icon: Clock, word: 'open', tone: 'accent' },
  used: { icon: CircleCheck, word: 'used', tone: 'good' },
  expired: { icon: CirclePause, word: 'expired', tone: 'neutral' },
  revoked: { icon: Ban, word: 'revoked', tone: 'warn' },
}

const nodeLooks: Record<ProviderNode['status'], Look> = {
  joining: { icon: LoaderCircle, word: 'joining', tone: 'accent', hint: 'Its key is being put on the chain.' },
  active: { icon: CircleCheck, word: 'admitted', tone: 'good' },
  revoked: {
    icon: Ban,
    word: 'off the market',
    tone: 'neutral',
    hint: 'Its history stays, and so does what it earned.',
  },
}

const faultLooks: Record<ReceiptView['fault'], Look> = {
  none: { icon: CircleCheck, word: 'no fault', tone: 'good' },
  provider: { icon: CircleAlert, word: 'provider at fault', tone: 'bad' },
  client: { icon: CirclePause, word: 'client ended it', tone: 'warn' },
  gateway: {
    icon: CirclePause,
    word: 'gateway ended it',
    tone: 'warn',
    hint: 'For a rival that was sooner, a move to a faster node, a deadline, or a fault of its own. The node is not to blame.',
  },
  capacity: { icon: CircleAlert, word: 'no capacity', tone: 'warn' },
}

const verdictLooks: Record<Check['verdict'], Look> = {
  valid: { icon: BadgeCheck, word: 'valid', tone: 'good' },
  invalid: { icon: CircleX, word: 'invalid', tone: 'bad' },
  unverifiable: { icon: CircleHelp, word: 'unverifiable', tone: 'warn' },
}

const standingLooks: Record<VerificationStatus, Look> = {
  pending: { icon: Clock, word: 'not checked yet', tone: 'neutral' },
  verified: { icon: BadgeCheck, word: 'verified', tone: 'good', hint: 'Every check is valid.' },
  unverified: {
    icon: CircleHelp,
    word: 'unverified',
    tone: 'warn',
    hint: 'Nothing was shown to be wrong; some of its checks could not be made.',
  },
  failed: { icon: CircleX, word: 'failed', tone: 'bad', hint: 'A check is invalid.' },
}

const listingLooks: Record<ListingStatus, Look> = {
  draft: { icon: PenLine, word: 'draft', tone: 'neutral' },
  joined: { icon: PenLine, word: 'agent joined', tone: 'accent', hint: 'Check and list it to bring it to the market.' },
  submitted: {
    icon: LoaderCircle,
    word: 'on its way',
    tone: 'accent',
    hint: 'Checks, stake and chain: its page says which.',
  },
  live: { icon: CircleCheck, word: 'on the market', tone: 'good' },
  retired: { icon: CirclePause, word: 'off the market', tone: 'neutral' },
  withdrawn: { icon: Ban, word: 'withdrawn', tone: 'neutral' },
}

/** All of them by what they are states of: one that is not here is not on the page that shows every state. */
export const allLooks: Record<string, Record<string, Look>> = {
  request: requestLooks,
  settlement: settlementLooks,
  epoch: epochLooks,
  record: recordLooks,
  claim: claimLooks,
  job: jobLooks,
  batch: batchLooks,
  lease: leaseLooks,
  webhook: webhookLooks,
  order: orderLooks,
  token: tokenLooks,
  node: nodeLooks,
  fault: faultLooks,
  verdict: verdictLooks,
  standing: standingLooks,
  listing: listingLooks,
}

export function LookBadge({ look }: { look: Look }) {
  return (
    <Badge tone={look.tone} icon={look.icon} title={look.hint}>
      {look.word}
    </Badge>
  )
}

export const RequestStatusBadge = ({ status }: { status: RequestSummary['status'] }) => (
  <LookBadge look={requestLooks[status]} />
)
export const SettlementBadge = ({ stage }: { stage: SettlementStage }) => <LookBadge look={settlementLooks[stage]} />
export const EpochStatusBadge = ({ status }: { status: EpochStatus }) => <LookBadge look={epochLooks[status]} />
export const RecordStatusBadge = ({ status }: { status: RecordStatus }) => <LookBadge look={recordLooks[status]} />
export const ClaimStateBadge = ({ state }: { state: ClaimState }) => <LookBadge look={claimLooks[state]} />
export const JobStatusBadge = ({ status }: { status: JobStatus }) => <LookBadge look={jobLooks[status]} />
export const BatchStatusBadge = ({ status }: { status: BatchStatus }) => <LookBadge look={batchLooks[status]} />
export const LeaseStatusBadge = ({ status }: { status: LeaseStatus }) => <LookBadge look={leaseLooks[status]} />
export const WebhookStatusBadge = ({ status }: { status: WebhookStatus }) => <LookBadge look={webhookLooks[status]} />
export const OrderStatusBadge = ({ status }: { status: FundingOrderView['status'] }) => (
  <LookBadge look={orderLooks[status]} />
)
export const JoinTokenStatusBadge = ({ status }: { status: JoinTokenView['status'] }) => (
  <LookBadge look={tokenLooks[status]} />
)
export const NodeStatusBadge = ({ status }: { status: ProviderNode['status'] }) => (
  <LookBadge look={nodeLooks[status]} />
)
export const StandingBadge = ({ standing }: { standing: VerificationStatus }) => (
  <LookBadge look={standingLooks[standing]} />
)
export const ListingStatusBadge = ({ status }: { status: ListingStatus }) => <LookBadge look={listingLooks[status]} />
export const FaultBadge = ({ fault }: { fault: ReceiptView['fault'] }) => <LookBadge look={faultLooks[fault]} />
export const VerdictBadge = ({ verdict }: { verdict: Check['verdict'] }) => <LookBadge look={verdictLooks[verdict]} />

/** Whether a node is linked to a gateway now. */
export const LiveBadge = ({ live }: { live: boolean }) => (
  <LookBadge
    look={
      live
        ? { icon: Radio, word: 'live', tone: 'good' }
        : { icon: Unplug, word: 'offline', tone: 'neutral', hint: 'Not linked to any gateway now.' }
    }
  />
)

/** Timing that comes from a performance curve, not from an engine. */
export const SimulatedBadge = () => (
  <Badge
    tone="warn"
    title="Answers with the timing of a measured performance curve; there is no such hardware behind it."
  >
    simulated
  </Badge>
)

/** A link that runs through the seeded delay shim on one machine. */
export const SimulatedNetworkBadge = () => (
  <Badge tone="warn" title="The link runs through a seeded delay shim on one machine: this distance is not real.">
    simulated network
  </Badge>
)
