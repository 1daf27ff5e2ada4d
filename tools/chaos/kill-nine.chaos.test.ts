/**
 * The promise about money under failure: `kill -9` of the gateway, the worker, Redis or a node in the middle of a
 * replay loses no billed receipt, bills none twice, and settles none twice.
 *
 * A real marketplace on free ports, real clients, real signals. It checks Postgres against what clients were told, and
 * the chain against Postgres.
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createChainReader, getIsochroneEvents, readDeployment } from '@isochrone/contracts-client'
import { createDb, type Db } from '@isochrone/db'
import { fault } from '@isochrone/protocol'
import { readTrace } from '@isochrone/simulator'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { projectRoot } from '../project-root.ts'
import type { Outcome } from '../replay/outcome.ts'
import { runReplay } from '../replay/run-replay.ts'
import { seenOf, settleReplay } from '../replay/settle.ts'
import { startMarketplace, type Marketplace } from '../start/marketplace.ts'
import type { Supervised } from '../start/supervised.ts'

/** Of each kind one: gateway, worker, Redis, an agent. */
const KILLS_MIN = 4
const ROUNDS_MAX = 5

let dir: string
let market: Marketplace
let db: Db

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'isochrone-chaos-'))
  chmodSync(dir, 0o755)
  market = await startMarketplace({
    dataDir: dir,
    ports: 'free',
    web: false,
    epochMs: 10_000,
    challengeWindowMs: 3_000,
  })
  db = createDb(market.info.databaseUrl, { connectionsMax: 2 })
}, 600_000)

afterAll(async () => {
  await db?.$disconnect()
  await market?.stop()
  if (dir) rmSync(dir, { recursive: true, force: true })
}, 180_000)

/** Kills one process after the other, each up again before the next goes down; takes those that it killed out of the list. */
async function breakThings(victims: Supervised[], done: () => boolean): Promise<number> {
  let kills = 0
  while (victims.length > 0) {
    await sleep(2_500)
    if (done()) break
    const victim = victims.shift()
    if (!victim) break
    await victim.kill9()
    kills += 1
    await sleep(400)
    await victim.restart()
  }
  return kills
}

async function replayUnderFire(queued: boolean, requests: number) {
  const trace = readTrace(join(projectRoot, 'tools/replay/traces/demo.csv')).slice(0, requests)
  const { gatewayUrl, apiKey, model } = market.info
  const { gateway, worker, redis, agents } = market.children
  const victims = [gateway, worker, redis, agents[0], agents[3], gateway].filter((child) => child !== undefined)
  const outcomes: Outcome[] = []
  let kills = 0
  // One replay outlasts four kills and restarts, unless they take long on a busy machine: then it is replayed again.
  for (let round = 0; round < ROUNDS_MAX && kills < KILLS_MIN; round++) {
    let finished = false
    const broken = breakThings(victims, () => finished)
    const replay = await runReplay(trace, {
      gatewayUrl,
      apiKey,
      model,
      speed: 3,
      queued,
      concurrencyMax: 24,
      promptTokensMax: 200,
      tokensOutMax: 120,
      note: () => {},
    })
    finished = true
    outcomes.push(...replay.outcomes)
    kills += await broken
  }
  return { outcomes, kills }
}

async function expectExactBooks(outcomes: readonly Outcome[]): Promise<void> {
  const settlement = await settleReplay(market.info, seenOf(outcomes), 300_000, () => {})
  expect(settlement.exact).toBe(true)
  expect(settlement.books.debited).toBe(settlement.books.receipts)
  expect(settlement.books.credited + settlement.books.fee).toBe(settlement.books.debited)
  for (const { requestId, priceMicroUsd, tokensOut } of outcomes) {
    const billed = await db.receipt.findMany({
      where: { requestId: requestId ?? '', priceMicroUsd: { gt: 0n } },
      orderBy: { attempt: 'asc' },
    })
    // Several where a node broke off and another went on: then they share the tokens, and who ends it has the prompt. A
    // node that is killed between its last word and its signature has ended nothing: it is paid for what it delivered.
    const bills = billed.map(({ delivery }) => billedOf(delivery))
    const prompts = bills.at(-1)?.fault === fault.provider ? 0 : 1
    const faults = bills.map((bill) => bill.fault).join(', ')
    const what = `receipts of ${requestId} (${tokensOut} tokens, faults ${faults})`
    expect(new Set(billed.map(({ attempt }) => attempt)).size, what).toBe(billed.length)
    expect(sum(billed.map((receipt) => receipt.priceMicroUsd)), what).toBe(priceMicroUsd)
    expect(sum(bills.map(({ out }) => out)), what).toBe(BigInt(tokensOut))
    expect(bills.filter(({ prompt }) => prompt > 0n).length, what).toBe(prompts)
  }
}

/** Tokens that a delivery receipt bills, and whose fault its end was, as it stands in its row. */
function billedOf(delivery: unknown): { prompt: bigint; out: bigint; fault: number } {
  const { billedIn, billedCached, billedOut, fault: whose } = delivery as Record<string, string | number>
  return {
    prompt: BigInt(billedIn ?? 0) + BigInt(billedCached ?? 0),
    out: BigInt(billedOut ?? 0),
    fault: Number(whose),
  }
}

const sum = (values: readonly bigint[]): bigint => values.reduce((total, value) => total + value, 0n)

async function expectNothingSettledTwice(): Promise<void> {
  const deployment = await readDeployment(market.info.deploymentFile)
  if (!deployment) throw new Error('the marketplace has a deployment')
  const chain = createChainReader({ rpcUrl: market.info.chainRpcUrl, deployment })
  const toBlock = await chain.publicClient.getBlockNumber()
  const events = await getIsochroneEvents(chain, { fromBlock: BigInt(deployment.blockNumber), toBlock })
  const anchored = events
    .filter((event) => event.eventName === 'EpochAnchored')
    .map(({ args }) => `${args.lane}/${args.epoch}`)
  expect(anchored.length).toBeGreaterThan(0)
  expect(new Set(anchored).size).toBe(anchored.length)
}

for (const mode of ['interactive', 'queued'] as const) {
  test(
    `${mode}: kill -9 loses no billed receipt, bills none twice and settles none twice`,
    { timeout: 900_000 },
    async () => {
      const { outcomes, kills } = await replayUnderFire(mode === 'queued', mode === 'queued' ? 100 : 120)
      expect(kills).toBeGreaterThanOrEqual(KILLS_MIN)
      expect(outcomes.filter(({ finished }) => !finished).map(({ error }) => error)).toEqual([])
      await expectExactBooks(outcomes)
      await expectNothingSettledTwice()
    },
  )
}
