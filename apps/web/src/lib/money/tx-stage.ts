/** How far a transaction is. `unknown`: the chain could not be asked; `failed`: included and reverted. */
export type TxStage = 'signed' | 'sent' | 'included' | 'final' | 'failed' | 'unknown'

/** A local development chain has one miner and no reorganisations: what is included there is final. */
export const DEVELOPMENT_CHAIN_ID = 31_337
