/**
 * The transaction manager against what chains do to transactions: they lose answers, get stuck, displace one another and
 * reorganise. Whatever happens, each request takes effect once.
 */
import { setTimeout as sleep } from 'node:timers/promises'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createPublicClient, http, parseGwei, type Hex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'

import { mintTestUsdc } from '../actions/mint-test-usdc.ts'
import { setFee } from '../actions/set-fee.ts'
import { createChainClient, createChainWriter, type ChainWriter } from '../chain-client.ts'
import { tokenBalance } from '../reads/token-balance.ts'
import { startRpcProxy } from '../testing/start-rpc-proxy.ts'
import { startTestChain, testKeys, type TestChain, type TestChainOptions } from '../testing/start-test-chain.ts'
import { deployTestMarket, payout, salt, type TestMarket } from '../testing/test-market.ts'
import { memoryPendingTransactions, type PendingTransactions } from './pending-transactions.ts'
import { createTransactionSender, type TransactionSenderOptions } from './transaction-sender.ts'

const models: Record<string, TestChainOptions> = {
  'with EIP-1559 fees': {},
  'with legacy gas prices': { chainId: 777, profile: { feeModel: 'legacy' } },
}

describe.each(Object.entries(models))('%s', (_name, options) => {
  let chain: TestChain
  let market: TestMarket
  let holders = 0

  beforeAll(async () => {
    chain = await startTestChain(options)
    market = await deployTestMarket(chain)
  })
  afterAll(() => chain.stop())

  type Extra = Partial<TransactionSenderOptions> & { key?: Hex; rpcUrl?: string }

  function writer({ key = testKeys[3], rpcUrl = chain.rpcUrl, ...extra }: Extra = {}): ChainWriter {
    const publicClient = createPublicClient({
      transport: http(rpcUrl, { retryCount: 0, timeout: 2_000 }),
      cacheTime: 0,
    })
    const account = privateKeyToAccount(key)
    const { profile } = chain
    const sender = createTransactionSender({ publicClient, account, profile, pollMs: 20, ...extra })
    return { publicClient, deployment: market.deployment, sender }
  }

  /** An address that holds nothing yet. */
  function holder(): Hex {
    holders += 1
    return privateKeyToAccount(salt(`holder ${holders}`)).address
  }

  const until = async (condition: () => Promise<boolean>) => {
    for (let i = 0; i < 6_000; i++) {
      if (await condition()) return
      await sleep(20)
    }
    throw new Error('not within two minutes')
  }
  const isPooled = async () => (await chain.client.getTxpoolStatus()).pending > 0

  test('concurrent sends of two processes with one account are all included, each once', async () => {
    const { deployment } = market
    const { rpcUrl, profile } = chain
    const shared = { rpcUrl, deployment, profile, privateKey: testKeys[0] }
    const [one, two] = [createChainWriter(shared), createChainWriter(shared)]
    const sends = Array.from({ length: 20 }, (_, i) => mintTestUsdc(i % 2 ? one : two, { to: payout, amount: 1n }))
    await Promise.all(sends)
    expect(await tokenBalance(one, payout)).toBe(20n)
  })

  test('what we send does not make the next transaction dearer', async () => {
    const { baseFeePerGas } = await chain.client.getBlock()
    const before = await chain.client.getGasPrice()
    const { sender, ...reader } = writer()
    for (let i = 0; i < 20; i++) await mintTestUsdc({ ...reader, sender }, { to: holder(), amount: 1n })
    expect(await chain.client.getGasPrice()).toBeLessThanOrEqual(before + (baseFeePerGas ?? 0n))
  })

  test('a transaction that became too cheap is replaced at a higher price, and takes effect once', async () => {
    const to = holder()
    const pending = memoryPendingTransactions()
    const { sender, ...reader } = writer({ pending, stuckAfterMs: 100 })
    const nonce = await chain.client.getTransactionCount({ address: sender.account.address })
    chain.setMining(false)
    const sent = mintTestUsdc({ ...reader, sender }, { to, amount: 5n })
    await until(isPooled)
    const [first] = await pending.open(chain.profile.chainId, sender.account.address)
    // Dearer than what was offered: the pool keeps it, and no block takes it.
    const offered = BigInt(first?.signed[0]?.maxFeePerGasWei ?? 0)
    await chain.client.setNextBlockBaseFeePerGas({ baseFeePerGas: offered * 2n })
    await chain.client.mine({ blocks: 1 })
    chain.setMining(true)
    const { transactionHash } = await sent
    expect(transactionHash).not.toBe(first?.id)
    expect(await tokenBalance(reader as ChainWriter, to)).toBe(5n)
    expect(await chain.client.getTransactionCount({ address: sender.account.address })).toBe(nonce + 1)
    expect(await pending.open(chain.profile.chainId, sender.account.address)).toEqual([])
    await chain.client.setNextBlockBaseFeePerGas({ baseFeePerGas: parseGwei('1') })
    await chain.client.mine({ blocks: 1 })
  })

  test('no replacement goes above the limit, and the limit is said', async () => {
    const profile = { ...chain.profile, maxFeePerGasWei: 1n }
    const sent = mintTestUsdc(writer({ profile }), { to: holder(), amount: 5n })
    await expect(sent).rejects.toMatchObject({
      code: 'chain_unavailable',
      publicMessage: expect.stringMatching(/^Gas costs .* gwei now, above our limit of 0\.00\./),
    })
  })

  test('a transaction that another process displaced is sent again, and only then', async () => {
    const to = holder()
    const displaced = writer()
    const { account } = displaced.sender
    chain.setMining(false)
    const nonce = await chain.client.getTransactionCount({ address: account.address })
    const sent = mintTestUsdc(displaced, { to, amount: 5n })
    await until(isPooled)
    const dearer = { nonce, gas: 21_000n, maxFeePerGas: 10n ** 11n, maxPriorityFeePerGas: 10n ** 11n }
    const raw = { type: 'eip1559', chainId: chain.profile.chainId, to: payout, value: 1n, ...dearer } as const
    await chain.client.sendRawTransaction({ serializedTransaction: await account.signTransaction(raw) })
    chain.setMining(true)
    await sent
    expect(await tokenBalance(displaced, to)).toBe(5n)
    expect(await chain.client.getTransactionCount({ address: account.address })).toBe(nonce + 2)
  })

  test.each(['cut', 'silent'] as const)('an answer lost after sending (%s) never sends twice', async (how) => {
    const to = holder()
    const proxy = await startRpcProxy(chain.rpcUrl)
    try {
      const lossy = writer({ rpcUrl: proxy.url })
      const nonce = await chain.client.getTransactionCount({ address: lossy.sender.account.address })
      // The sending, and then what would tell that it arrived.
      proxy.lose(
        { method: 'eth_sendRawTransaction', count: 3, how },
        { method: 'eth_getTransactionByHash', count: 2, how },
        { method: 'eth_getTransactionReceipt', count: 2, how },
      )
      await mintTestUsdc(lossy, { to, amount: 5n })
      expect(proxy.calls('eth_sendRawTransaction')).toBeGreaterThan(0)
      expect(await tokenBalance(lossy, to)).toBe(5n)
      expect(await chain.client.getTransactionCount({ address: lossy.sender.account.address })).toBe(nonce + 1)
    } finally {
      await proxy.stop()
    }
  })

  test('when no answer comes at all, the transaction is seen through and not repeated', async () => {
    const to = holder()
    const proxy = await startRpcProxy(chain.rpcUrl)
    try {
      const lossy = writer({ rpcUrl: proxy.url })
      const nonce = await chain.client.getTransactionCount({ address: lossy.sender.account.address })
      proxy.lose({ method: 'eth_sendRawTransaction', count: 4 }, { method: 'eth_getTransactionByHash', count: 4 })
      await mintTestUsdc(lossy, { to, amount: 5n })
      expect(await tokenBalance(lossy, to)).toBe(5n)
      expect(await chain.client.getTransactionCount({ address: lossy.sender.account.address })).toBe(nonce + 1)
    } finally {
      await proxy.stop()
    }
  })

  /** A reorganisation takes back what was included; nobody has to ask again. */
  test('a reorganisation of five blocks loses nothing: the same bytes are sent again', async () => {
    const to = holder()
    const pending = memoryPendingTransactions()
    const profile = { ...chain.profile, finality: { depth: 8 } }
    const deep = writer({ pending, profile })
    const { account } = deep.sender
    const snapshot = await chain.client.snapshot()
    const hashes: Hex[] = []
    for (let i = 0; i < 5; i++) hashes.push((await mintTestUsdc(deep, { to, amount: 1n })).transactionHash)
    expect(await tokenBalance(deep, to)).toBe(5n)

    await chain.client.revert({ id: snapshot })
    await chain.client.mine({ blocks: 1 })
    expect(await tokenBalance(deep, to)).toBe(0n)
    await until(async () => {
      await deep.sender.reconcile()
      return (await tokenBalance(deep, to)) === 5n
    })
    for (const hash of hashes) {
      expect((await chain.client.getTransactionReceipt({ hash })).status).toBe('success')
    }
    expect(await deep.sender.reconcile()).toEqual({ final: 0, open: 5, lost: 0 })
    await chain.client.mine({ blocks: 8 })
    expect(await deep.sender.reconcile()).toEqual({ final: 5, open: 0, lost: 0 })
    expect(await pending.open(profile.chainId, account.address)).toEqual([])
  })

  test('a send after a reorganisation puts the lost ones first', async () => {
    const to = holder()
    const deep = writer({ profile: { ...chain.profile, finality: { depth: 8 } } })
    const snapshot = await chain.client.snapshot()
    await mintTestUsdc(deep, { to, amount: 1n })
    await mintTestUsdc(deep, { to, amount: 2n })
    await chain.client.revert({ id: snapshot })
    await mintTestUsdc(deep, { to, amount: 4n })
    expect(await tokenBalance(deep, to)).toBe(7n)
  })

  test('a reorganisation while confirmations are awaited is waited out', async () => {
    const to = holder()
    const patient = writer({ profile: { ...chain.profile, confirmations: 4 } })
    const snapshot = await chain.client.snapshot()
    const sent = mintTestUsdc(patient, { to, amount: 3n })
    await until(async () => (await tokenBalance(patient, to)) === 3n)
    await chain.client.revert({ id: snapshot })
    await chain.client.mine({ blocks: 1 })
    await until(async () => (await tokenBalance(patient, to)) === 3n)
    await chain.client.mine({ blocks: 3 })
    const { blockNumber } = await sent
    expect(await chain.client.getBlockNumber()).toBeGreaterThanOrEqual(blockNumber + 3n)
    expect(await tokenBalance(patient, to)).toBe(3n)
  })

  test('a restart finds what was under way and sends nothing a second time', async () => {
    const to = holder()
    const kept: PendingTransactions = memoryPendingTransactions()
    const first = writer({ pending: kept, receiptTimeoutMs: 200 })
    const { address } = first.sender.account
    const nonce = await chain.client.getTransactionCount({ address })
    chain.setMining(false)
    // The process that sent it gives up; its node forgets the pool as well.
    await expect(mintTestUsdc(first, { to, amount: 5n })).rejects.toMatchObject({ code: 'chain_unavailable' })
    const [left] = await kept.open(chain.profile.chainId, address)
    expect(left).toMatchObject({ nonce, purpose: 'mint', status: 'sent' })
    if (left) await chain.client.dropTransaction({ hash: left.id })
    chain.setMining(true)

    const second = writer({ pending: kept })
    await mintTestUsdc(second, { to, amount: 1n })
    expect(await tokenBalance(second, to)).toBe(6n)
    expect(await chain.client.getTransactionCount({ address })).toBe(nonce + 2)
    await second.sender.reconcile() // Included is not yet final: another look says so.
    expect(await kept.open(chain.profile.chainId, address)).toEqual([])
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
    await expect(
      mintTestUsdc(writer({ rpcUrl: 'http://127.0.0.1:1' }), { to: payout, amount: 1n }),
    ).rejects.toMatchObject({
      code: 'chain_unavailable',
      retryable: true,
    })
  })

  test('nothing is signed for a chain with another id', async () => {
    const profile = { ...chain.profile, chainId: 5 }
    await expect(mintTestUsdc(writer({ profile }), { to: payout, amount: 1n })).rejects.toThrow(
      new RegExp(`answers with id ${chain.profile.chainId}, but ours has id 5`),
    )
  })
})

test('a client of any chain asks for its id', async () => {
  const chain = await startTestChain({ chainId: 99 })
  try {
    expect(await createChainClient(chain.rpcUrl).getChainId()).toBe(99)
  } finally {
    await chain.stop()
  }
})
