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
  PenLine,
  Radio,
  Unplug,
  type LucideIcon,
} from 'lucide-react'
import type { EpochStatus, JobStatus } from '@isochrone/domain'
import type {
  Check,
  FundingOrderView,
  JoinTokenView,
  ProviderNode,
  ReceiptView,
  RequestSummary,
  SettlementStage,
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

const jobLooks: Record<JobStatus, Look> = {
  queued: { icon: Clock, word: 'queued', tone: 'neutral' },
  running: { icon: LoaderCircle, word: 'running', tone: 'accent' },
  succeeded: { icon: CircleCheck, word: 'succeeded', tone: 'good' },
  failed: { icon: CircleX, word: 'failed', tone: 'bad' },
  cancelled: { icon: Ban, word: 'cancelled', tone: 'warn' },
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
  revoked: { icon: Ban, word: 'revoked', tone: 'bad' },
}

const faultLooks: Record<ReceiptView['fault'], Look> = {
  none: { icon: CircleCheck, word: 'no fault', tone: 'good' },
  provider: { icon: CircleAlert, word: 'provider at fault', tone: 'bad' },
  client: { icon: CirclePause, word: 'client ended it', tone: 'warn' },
  gateway: { icon: CircleAlert, word: 'gateway at fault', tone: 'warn' },
  capacity: { icon: CircleAlert, word: 'no capacity', tone: 'warn' },
}

const verdictLooks: Record<Check['verdict'], Look> = {
  valid: { icon: BadgeCheck, word: 'valid', tone: 'good' },
  invalid: { icon: CircleX, word: 'invalid', tone: 'bad' },
  unverifiable: { icon: CircleHelp, word: 'unverifiable', tone: 'warn' },
}

function LookBadge({ look }: { look: Look }) {
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
export const JobStatusBadge = ({ status }: { status: JobStatus }) => <LookBadge look={jobLooks[status]} />
export const OrderStatusBadge = ({ status }: { status: FundingOrderView['status'] }) => (
  <LookBadge look={orderLooks[status]} />
)
export const JoinTokenStatusBadge = ({ status }: { status: JoinTokenView['status'] }) => (
  <LookBadge look={tokenLooks[status]} />
)
export const NodeStatusBadge = ({ status }: { status: ProviderNode['status'] }) => (
  <LookBadge look={nodeLooks[status]} />
)
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
