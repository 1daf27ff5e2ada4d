/**
 * The chains that tests run on. One of development: a block when something waits, final at once. The second differs from it in
 * id, block time, confirmations, finality and fee model, and its blocks come by the clock. `TEST_CHAIN=second` picks it for
 * every test that asks for no chain of its own.
 */
import { loadEnv, testEnv } from '@isochrone/runtime'

/** What a test has to know of a chain; the words of a chain's profile in contracts-client. */
export interface TestChainProfile {
  readonly chainId: number
  readonly blockTimeMs: number
  readonly confirmations: number
  readonly finality: { readonly depth: number }
  readonly feeModel: 'eip1559' | 'legacy'
}

export const secondTestChain: TestChainProfile = {
  chainId: 424_242,
  blockTimeMs: 100,
  confirmations: 3,
  finality: { depth: 5 },
  feeModel: 'legacy',
}

/**
 * What differs from the chain of development; nothing when the tests run on that one.
 *
 * @throws EnvError when `TEST_CHAIN` names a chain that there is not.
 */
export function testChainProfile(): TestChainProfile | undefined {
  return loadEnv(testEnv).TEST_CHAIN === 'second' ? secondTestChain : undefined
}

/** The same as a process reads it. */
export function chainVariables(profile: TestChainProfile | undefined): Readonly<Record<string, string>> {
  if (!profile) return {}
  return {
    CHAIN_ID: String(profile.chainId),
    CHAIN_BLOCK_TIME_MS: String(profile.blockTimeMs),
    CHAIN_CONFIRMATIONS: String(profile.confirmations),
    CHAIN_FINALITY: String(profile.finality.depth),
    CHAIN_FEE_MODEL: profile.feeModel,
  }
}
