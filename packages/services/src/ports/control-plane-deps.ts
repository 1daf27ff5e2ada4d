/** What the web's side of the platform is given when it starts. */
import type { Clock } from '@isochrone/domain'
import type { Hex } from '@isochrone/protocol'
import type { ControlPlaneStore } from './control-plane-store.ts'
import type { ControlStream } from './control-store.ts'
import type { DisputeDeskChain } from './dispute-port.ts'
import type { PoolDesk } from './pool-desk.ts'
import type { LeaseBudget } from './lease-store.ts'
import type { LiveState } from './live-state.ts'
import type { QueueView } from '../queries/views/admin.ts'
import type { Place } from '../accounts/require-store-inside.ts'

/** Where the contracts are, and whose keys act for teams and providers that have none. Addresses in lower case. */
export interface ChainFacts {
  chainId: number
  /** As a browser reaches it. */
  rpcUrl: string
  usdc: Hex
  channels: Hex
  registry: Hex
  anchor: Hex
  vault: Hex
  /** Registers providers and sends transactions. */
  operatorAddress: Hex
  /** Owns managed channels. */
  managedOwnerAddress: Hex
  /** Fee that providers freeze when they register, basis points. */
  feeBps: number
}

export interface ControlPlaneDeps {
  store: ControlPlaneStore
  live: LiveState
  stream: ControlStream
  clock: Clock
  /** Holds the money of leases. */
  leaseBudget: LeaseBudget
  /** Tells gateways of these keys' budgets at once, see `publishKeyBudgets`. Absent: the worker tells, within a second. */
  tellKeyBudgets?: (keyIds: readonly string[]) => Promise<unknown>
  /** What the platform's queues hold now. Rejects while Redis is away. Absent where nobody runs queues. */
  readQueues?: () => Promise<QueueView[]>
  /** Tells the gateway that runs a job that it was cancelled. */
  announceCancelled?: (jobId: string) => Promise<void>
  chain: ChainFacts
  /**
   * Asks the chain whether this account signed, contract wallets included (ERC-1271, ERC-6492). Throws
   * `chain_unavailable`. Absent where no chain runs: then only keys sign.
   */
  isSignatureBy?: (asked: { signer: Hex; digest: Hex; signature: Hex }) => Promise<boolean>
  /** Of the account that a provider without a wallet is paid to. Absent where the platform holds none. */
  managedPayoutAddressOf?: (providerId: Hex) => Hex
  /** Absent where nobody disputes anything: a seed, say. */
  disputes?: DisputeDeskChain
  /** Absent where no promise is judged: a seed, say. */
  pools?: PoolDesk
  /** Public URLs of all gateways: what agents dial. */
  gatewayUrls: readonly string[]
  /** Where Postgres and Redis are. Absent: not said, so nothing of an organisation with a residency is stored. */
  storePlace?: Place
  /** Where the web process is. Absent: not said, so nothing of an organisation with a residency passes it. */
  webPlace?: Place
  /** Measuring points that agents are told of. */
  witnessUrls?: readonly string[]
}
