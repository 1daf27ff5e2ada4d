/** What all links of one agent share: its key, its engine, its receipts, its capacity, and what it says of itself. */
import type { Logger, Tracing } from '@isochrone/runtime'
import type { NodeInventory, ServedModel } from '@isochrone/protocol'
import type { EngineLoad } from '../engines/engine-backend.ts'
import type { EngineDriver } from '../engines/engine-driver.ts'
import type { EngineHealth } from '../engines/engine-health.ts'
import type { EpochWitness } from '../epochs/epoch-witness.ts'
import type { NodeKeyPair } from '../node/node-key.ts'
import type { SealingKeys } from '../sealed/sealing-keys.ts'
import type { ReceiptLog } from '../receipts/receipt-log.ts'
import type { LeaseEngines } from '../leases/lease-engines.ts'
import type { StreamCapacity } from './stream-capacity.ts'

export type SimulatedNetwork = { readonly rttMs: number; readonly jitterMs: number; readonly seed: number }

export type LinkContext = {
  readonly nodeKey: NodeKeyPair
  readonly driver: EngineDriver
  readonly receipts: ReceiptLog
  readonly epochs: Pick<EpochWitness, 'answer'>
  readonly capacity: StreamCapacity
  /** Engines of leases; absent where a node has none. */
  readonly leases?: Pick<LeaseEngines, 'of' | 'carryOut'>
  readonly inventory: NodeInventory
  readonly models: readonly ServedModel[]
  /** The engine's own name for a model that is served under another one. */
  readonly engineModelOf: (model: string) => string
  /** What waits inside the engine, where it can tell. */
  readonly engineLoad: () => EngineLoad
  /** Of an engine outside of this process; null for one that lives and dies with it. */
  readonly engineHealth: EngineHealth | null
  /** Keys that requests may be sealed to. */
  readonly sealing: SealingKeys
  readonly simulatedNetwork: SimulatedNetwork | null
  readonly logger: Logger
  /** Null or absent: this node traces nothing. */
  readonly tracing?: Tracing | null
}
