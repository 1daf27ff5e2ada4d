/**
 * What differs from one EVM chain to the next: id, block time, when a block counts, and how gas is paid. Configuration,
 * never code: nothing else in this package knows one chain from another.
 */
import { AppError } from '@isochrone/domain'

/** When a block can no longer vanish: so many blocks behind the latest, or where the chain itself says so. */
export type Finality = { depth: number } | 'safe' | 'finalized'

export const feeModels = ['eip1559', 'legacy'] as const
export type FeeModel = (typeof feeModels)[number]

export interface ChainProfile {
  chainId: number
  blockTimeMs: number
  /** Blocks that hold or follow a transaction before it counts as done; 1 = its own block suffices. */
  confirmations: number
  finality: Finality
  feeModel: FeeModel
  /** The most that a unit of gas may cost us, in wei. */
  maxFeePerGasWei: bigint
}

/** The environment's words for it; see `chain` in the runtime's environment pieces. */
export interface ChainSettings {
  CHAIN_ID?: number | undefined
  CHAIN_BLOCK_TIME_MS: number
  CHAIN_CONFIRMATIONS: number
  /** `safe`, `finalized`, or a number of blocks behind the latest. */
  CHAIN_FINALITY: string
  CHAIN_FEE_MODEL: FeeModel
  CHAIN_FEE_MAX_GWEI: number
}

const WEI_PER_GWEI = 1_000_000_000

/** A local chain that mines when something waits: what has been included is final. */
export function developmentProfile(chainId: number): ChainProfile {
  return {
    chainId,
    blockTimeMs: 1_000,
    confirmations: 1,
    finality: { depth: 0 },
    feeModel: 'eip1559',
    maxFeePerGasWei: BigInt(500 * WEI_PER_GWEI),
  }
}

/**
 * The profile of the chain that holds a deployment.
 *
 * @throws AppError `state_conflict` when the settings name another chain.
 */
export function chainProfileOf(settings: ChainSettings, deployment: { chainId: number }): ChainProfile {
  const { CHAIN_ID: chainId = deployment.chainId } = settings
  if (chainId !== deployment.chainId) {
    throw new AppError('state_conflict', {
      publicMessage: `CHAIN_ID is ${chainId}, but the deployment file names contracts on chain ${deployment.chainId}.`,
    })
  }
  return {
    chainId,
    blockTimeMs: settings.CHAIN_BLOCK_TIME_MS,
    confirmations: settings.CHAIN_CONFIRMATIONS,
    finality: finalityOf(settings.CHAIN_FINALITY),
    feeModel: settings.CHAIN_FEE_MODEL,
    maxFeePerGasWei: BigInt(Math.round(settings.CHAIN_FEE_MAX_GWEI * WEI_PER_GWEI)),
  }
}

function finalityOf(text: string): Finality {
  if (text === 'safe' || text === 'finalized') return text
  if (!/^\d{1,6}$/.test(text)) throw new RangeError(`Not a finality: ${text.slice(0, 40)}`)
  return { depth: Number(text) }
}
