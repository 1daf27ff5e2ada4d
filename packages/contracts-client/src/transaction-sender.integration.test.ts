/** Sending under concurrency, refusals and a silent chain. */
import { setTimeout as sleep } from 'node:timers/promises'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { mintTestUsdc } from './actions/mint-test-usdc.ts'
import { setFee } from './actions/set-fee.ts'
import { assertDeploymentMatches } from './assert-deployment-matches.ts'
import { createChainClient, createChainWriter } from './chain-client.ts'
import { tokenBalance } from './reads/token-balance.ts'
import { startTestChain, testKeys, type TestChain } from './testing/start-test-chain.ts'
import { deployTestMarket, payout, type TestMarket } from './testing/test-market.ts'

let chain: TestChain
let market: TestMarket

beforeAll(async () => {
  chain = await startTestChain()
  market = await deployTestMarket(chain)
})
afterAll(() => chain.stop())

test('concurrent sends of two processes with one account are all included, each once', async () => {
  const { deployment } = market
  const options = { rpcUrl: chain.rpcUrl, deployment, privateKey: testKeys[0] }
  const [one, two] = [createChainWriter(options), createChainWriter(options)]
  const sends = Array.from({ length: 20 }, (_, i) => mintTestUsdc(i % 2 ? one : two, { to: payout, amount: 1n }))
  await Promise.all(sends)
  expect(await tokenBalance(one, payout)).toBe(20n)
})

test('a transaction that another process displaced is sent again, and only then', async () => {
  const { deployment } = market
  const writer = createChainWriter({ rpcUrl: chain.rpcUrl, deployment, privateKey: testKeys[3] })
  const { account } = writer.sender
  const before = await tokenBalance(writer, account.address)
  chain.setMining(false)
  const nonce = await chain.client.getTransactionCount({ address: account.address })
  const sent = mintTestUsdc(writer, { to: account.address, amount: 5n })
  while ((await chain.client.getTxpoolStatus()).pending === 0) await sleep(10)
  const dearer = { nonce, gas: 21_000n, maxFeePerGas: 10n ** 11n, maxPriorityFeePerGas: 10n ** 11n }
  const raw = { type: 'eip1559', chainId: deployment.chainId, to: payout, value: 1n, ...dearer } as const
  await chain.client.sendRawTransaction({ serializedTransaction: await account.signTransaction(raw) })
  chain.setMining(true)
  await sent
  expect(await tokenBalance(writer, account.address)).toBe(before + 5n)
  expect(await chain.client.getTransactionCount({ address: account.address })).toBe(nonce + 2)
})

test('a refusal is a sentence with the values of the contract', async () => {
  const sent = mintTestUsdc(market.operator, { to: payout, amount: 2_000_000_000_000n })
  await expect(sent).rejects.toMatchObject({
    code: 'state_conflict',
    publicMessage: 'The faucet gives at most 1000000 USDC at a time, not 2000000 USDC.',
    details: { revert: 'MintTooLarge' },
  })
  await expect(setFee(market.payer, 300)).rejects.toMatchObject({
    details: { revert: 'AccessControlUnauthorizedAccount' },
  })
})

test('a chain that does not answer is unavailable, not a refusal', async () => {
  const writer = createChainWriter({ ...market, rpcUrl: 'http://127.0.0.1:1', privateKey: testKeys[3] })
  await expect(mintTestUsdc(writer, { to: payout, amount: 1n })).rejects.toMatchObject({
    code: 'chain_unavailable',
    retryable: true,
  })
})

test('other bytecode over a kept chain is refused, and so is a chain that lost its state', async () => {
  const { deployment, operator } = market
  await assertDeploymentMatches(operator.publicClient, deployment)
  const older = { ...deployment, codeHashes: { ...deployment.codeHashes, channels: '0x01' as const } }
  await expect(assertDeploymentMatches(operator.publicClient, older)).rejects.toThrow(
    /older or newer `channels`.*--reset/,
  )

  const empty = await startTestChain()
  try {
    const client = createChainClient(empty.rpcUrl)
    await expect(assertDeploymentMatches(client, deployment)).rejects.toThrow(/its state was lost/)
  } finally {
    await empty.stop()
  }
})
