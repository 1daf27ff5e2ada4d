/** Any EVM chain is configuration: the environment's words become a profile, or one sentence. */
import { expect, test } from 'vitest'

import { chainProfileOf, type ChainSettings } from './chain-profile.ts'

const settings: ChainSettings = {
  CHAIN_BLOCK_TIME_MS: 2_000,
  CHAIN_CONFIRMATIONS: 3,
  CHAIN_FINALITY: 'finalized',
  CHAIN_FEE_MODEL: 'legacy',
  CHAIN_FEE_MAX_GWEI: 0.05,
}

test('settings become a profile of the chain that holds the deployment', () => {
  expect(chainProfileOf(settings, { chainId: 8_453 })).toEqual({
    chainId: 8_453,
    blockTimeMs: 2_000,
    confirmations: 3,
    finality: 'finalized',
    feeModel: 'legacy',
    maxFeePerGasWei: 50_000_000n,
  })
  expect(chainProfileOf({ ...settings, CHAIN_FINALITY: '12' }, { chainId: 1 }).finality).toEqual({ depth: 12 })
})

test('a chain id that is not the deployment’s is refused in one sentence', () => {
  expect(() => chainProfileOf({ ...settings, CHAIN_ID: 1 }, { chainId: 8_453 })).toThrow(
    /CHAIN_ID is 1, but the deployment file names contracts on chain 8453/,
  )
})

test.each(['soon', '-1', '1.5', ''])('%j is no finality', (CHAIN_FINALITY) => {
  expect(() => chainProfileOf({ ...settings, CHAIN_FINALITY }, { chainId: 1 })).toThrow(RangeError)
})
