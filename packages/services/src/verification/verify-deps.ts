/** What verifying a node asks of others. */
import type { Clock } from '@isochrone/domain'
import type { ControlStore } from '../ports/control-store.ts'
import type { ReplayPort, VerificationNodes, VerificationStore, WitnessPort } from '../ports/verification-store.ts'

export interface VerifyTx {
  verification: VerificationStore
  providers: VerificationNodes
  control: ControlStore
}

export interface VerifyDeps {
  store: { verification: VerificationStore; providers: VerificationNodes } & {
    transaction<T>(work: (tx: VerifyTx) => Promise<T>): Promise<T>
  }
  witnesses: readonly WitnessPort[]
  /** Null: nobody pays for replays here, and the model stays unverifiable. */
  replay: ReplayPort | null
  clock: Clock
  /** From one check of a node to the next at most, ms. */
  periodMs: number
  /** Of the challenges' sizes and orders. */
  seed: () => number
}
