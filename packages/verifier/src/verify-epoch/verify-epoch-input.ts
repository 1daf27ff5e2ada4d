/** What an epoch is verified with. */
import type { Hex } from '@isochrone/protocol'
import type { EpochChain } from './epoch-chain.ts'
import type { FetchEarlier } from './walk-back.ts'
import type { OpenFile } from './open-file.ts'

export interface VerifyEpochInput {
  open: OpenFile
  chain: EpochChain
  /** What the file must be about, where that is known beforehand. */
  expected?: { lane?: Hex | undefined; epoch?: number | undefined }
  /** Files of epochs before this one, oldest first: they show what earlier vouchers said, if the chain names them. */
  previous?: readonly OpenFile[]
  /** Fetches files of epochs before, where neither the chain nor `previous` shows what had been signed; null: nobody is asked. */
  fetchEarlier?: FetchEarlier | null
  /** For signatures; 0 checks them in this thread. */
  threads?: number
  onProgress?: (progress: { lines: number }) => void
}
