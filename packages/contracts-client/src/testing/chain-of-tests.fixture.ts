/** The chain that tests run on, for those that ask for none of their own (`TEST_CHAIN`). */
import { testChainProfile } from '@isochrone/local-stack'
import type { TestChainOptions } from './start-test-chain.ts'

export function chainOfTests(): TestChainOptions {
  const profile = testChainProfile()
  return profile ? { chainId: profile.chainId, blockTimeS: profile.blockTimeMs / 1_000, profile } : {}
}
