/** Pools of the ledger for the pages that say beforehand what a record would break. */
import { explainChainError, poolOf, type ChainReader } from '@isochrone/contracts-client'
import type { PoolDesk } from '@isochrone/services'
import { brokenPromises } from '@isochrone/verifier/sla'
import type { Hex } from 'viem'

export function poolDesk(reader: ChainReader): PoolDesk {
  return {
    async poolOf({ nodeId, channelId, termsHash }) {
      try {
        const key = { nodeId: nodeId as Hex, channelId: channelId as Hex, termsHash: termsHash as Hex }
        return await poolOf(reader, key)
      } catch (error) {
        throw explainChainError(error)
      }
    },
    test: brokenPromises,
  }
}
