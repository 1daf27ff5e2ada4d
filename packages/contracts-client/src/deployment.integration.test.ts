/** A deployment hands everything to the timelock, and code and chain that do not fit together are refused in a sentence. */
import { afterAll, beforeAll, expect, test } from 'vitest'

import { paymentChannelsAbi } from './abi/payment-channels.ts'
import { mintTestUsdc } from './actions/mint-test-usdc.ts'
import { deployIsochrone } from './actions/deploy-isochrone.ts'
import { assertDeploymentMatches } from './assert-deployment-matches.ts'
import { createChainClient } from './chain-client.ts'
import { contractNames, type ContractName } from './deployment.ts'
import { administeredContracts, DEFAULT_ADMIN_ROLE, roleGrantsOf } from './roles.ts'
import { chainOfTests } from './testing/chain-of-tests.fixture.ts'
import { startTestChain, type TestChain } from './testing/start-test-chain.ts'
import { deployTestMarket, type TestMarket } from './testing/test-market.ts'

/** EIP-170: no chain takes larger code, whatever a local one is told to take. */
const CODE_BYTES_MAX = 24_576

let chain: TestChain
let market: TestMarket

beforeAll(async () => {
  chain = await startTestChain(chainOfTests())
  market = await deployTestMarket(chain)
})
afterAll(() => chain.stop())

async function hasRole(contract: ContractName, args: readonly [`0x${string}`, `0x${string}`]): Promise<boolean> {
  const address = market.deployment.addresses[contract]
  const read = { address, abi: paymentChannelsAbi, functionName: 'hasRole', args } as const
  return market.operator.publicClient.readContract(read)
}

test('every role is where the table says, and the deployer keeps none', async () => {
  const { deployment, operator } = market
  for (const { contract, name, role, holder } of roleGrantsOf(deployment)) {
    expect(await hasRole(contract, [role, holder]), `${contract} ${name}`).toBe(true)
  }
  for (const contract of administeredContracts) {
    expect(await hasRole(contract, [DEFAULT_ADMIN_ROLE, operator.sender.account.address]), contract).toBe(false)
  }
  expect(await hasRole('timelock', [DEFAULT_ADMIN_ROLE, operator.sender.account.address])).toBe(false)
  expect(await hasRole('timelock', [DEFAULT_ADMIN_ROLE, deployment.addresses.timelock])).toBe(true)
})

test('every contract is small enough for any chain', async () => {
  const { deployment, operator } = market
  for (const name of contractNames) {
    const code = await operator.publicClient.getCode({ address: deployment.addresses[name] })
    expect(((code?.length ?? 0) - 2) / 2, name).toBeLessThanOrEqual(CODE_BYTES_MAX)
  }
})

test('a token that is there already is taken as it is, and its bytecode is nobody’s business', async () => {
  const { publicClient, sender, deployment } = market.operator
  const { token } = deployment.addresses
  const second = await deployIsochrone({ publicClient, sender, params: deployment.params, token })
  expect(second.addresses.token).toBe(token)
  expect(second.codeHashes.token).toBeNull()
  await assertDeploymentMatches(publicClient, second)
  await mintTestUsdc({ publicClient, sender, deployment: second }, { to: sender.account.address, amount: 1n })
})

test('other bytecode over a kept chain is refused, and so is a chain that lost its state', async () => {
  const { deployment, operator } = market
  await assertDeploymentMatches(operator.publicClient, deployment)
  const older = { ...deployment, codeHashes: { ...deployment.codeHashes, channels: '0x01' as const } }
  await expect(assertDeploymentMatches(operator.publicClient, older)).rejects.toThrow(
    /older or newer `channels`.*or deploy again/,
  )
  const elsewhere = { ...deployment, chainId: 5 }
  await expect(assertDeploymentMatches(operator.publicClient, elsewhere)).rejects.toThrow(/recorded on 5/)

  const empty = await startTestChain(chainOfTests())
  try {
    const client = createChainClient(empty.rpcUrl)
    await expect(assertDeploymentMatches(client, deployment)).rejects.toThrow(/its state was lost/)
  } finally {
    await empty.stop()
  }
})
