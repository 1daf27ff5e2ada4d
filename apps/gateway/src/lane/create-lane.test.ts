import { mkdtempSync, readFileSync, rmSync, utimesSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  bytes32ToAddress,
  bytesToHex,
  decodeStruct,
  keccak256,
  merkleRoot,
  readEpochFile,
  receiptLeaf,
  recoverStructSigner,
  termsHashOf,
  fault,
  type EpochAnchor,
  type Hex,
} from '@isochrone/protocol'
import fc from 'fast-check'
import { afterAll, expect, test, vi } from 'vitest'
import type { Intent } from '../ports.ts'
import { clock, entries, epochMs, finish, restart, serve, start as startLane } from './lane-harness.ts'
import * as fixtures from './lane-fixtures.ts'
import { channelId, contracts, intentOf, laneId, node, nodeId, otherKey, seenOf, workOf } from './lane-fixtures.ts'

const root = mkdtempSync(join(tmpdir(), 'lane-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
let counter = 0
const start = () => startLane(join(root, String(counter++)), { answerMs: 20 })

const anchorOfHeader = ({ dataHash: _dataHash, ...rest }: EpochAnchor) => rest

test('a finished request is one journal entry with a receipt that the lane signed, and the node is told', async () => {
  const running = await start()
  const { lane, journal, confirms } = running
  const intent = intentOf('req_a')
  const { priceMicroUsd } = await serve(lane, intent)
  expect(priceMicroUsd).toBe(40n)
  const [entry] = await entries(journal)
  if (entry?.type !== 'request-finished') throw new Error('not finished')
  const value = decodeStruct('DeliveryReceipt', entry.receipts[0]?.delivery)
  expect(value).toMatchObject({
    seq: 1,
    lane: laneId,
    billedIn: 20,
    billedOut: 10,
    price: 40n,
    workHash: workOf(intent).workHash,
  })
  const signature = entry.receipts[0]?.deliverySignature as Hex
  expect(recoverStructSigner(fixtures.receiptDomain, 'DeliveryReceipt', { value, signature })).toBe(
    bytes32ToAddress(laneId),
  )
  const told = { workHash: workOf(intent).workHash, signature }
  await vi.waitFor(() => expect(confirms).toEqual([[nodeId, expect.objectContaining(told)]]))
  expect(lane.signedMicroUsd(channelId)).toBe(40n)
  await journal.close()
})

test('numbers follow the journal without gaps or repeats, whatever finishes first and across restarts', async () => {
  let running = await start()
  for (let round = 0; round < 3; round++) {
    const { lane } = running
    const intents = Array.from({ length: 8 }, (_, i) => intentOf(`req_${round}_${i}`))
    await Promise.all(intents.map((intent) => lane.recordIntent(intent)))
    const completed = intents.map((intent) => ({ intent, done: lane.completeAttempt(seenOf(intent)) }))
    await Promise.all(completed.toReversed().map(({ intent, done }) => finish(lane, intent, [done])))
    // Signed for, but never on record: its number is given to nobody.
    const lost = intentOf(`req_${round}_lost`)
    await lane.recordIntent(lost)
    lane.completeAttempt(seenOf(lost))
    running = await restart(running)
  }
  const seqs = (await entries(running.journal)).flatMap((entry) =>
    'receipts' in entry ? entry.receipts.map(({ delivery }) => delivery.seq) : [],
  )
  expect(seqs).toEqual(Array.from({ length: 24 }, (_, i) => i + 1))
  expect(running.lane.signedMicroUsd(channelId)).toBe(24n * 40n)
  await running.journal.close()
})

test('an epoch holds exactly what was signed since the last one: file, root, sum, vouchers and signatures agree', async () => {
  const { lane, journal } = await start()
  expect(await lane.closeEpoch()).toBeNull()
  for (const name of ['a', 'b', 'c']) await serve(lane, intentOf(`req_${name}`))
  const first = await lane.closeEpoch()
  if (!first) throw new Error('nothing closed')
  const anchor = decodeStruct('EpochAnchor', first.anchor)
  expect(anchor).toMatchObject({ lane: laneId, epoch: Math.floor(clock.nowMs() / epochMs), count: 6, sum: 120n })
  expect([first.fromSeq, first.toSeq, anchor.fromSeq, anchor.toSeq]).toEqual([1, 3, 1, 3])
  const domain = { chainId: contracts.chainId, verifyingContract: contracts.receiptAnchor }
  const signed = { value: anchor, signature: first.anchorSignature as Hex }
  expect(recoverStructSigner(domain, 'EpochAnchor', signed)).toBe(bytes32ToAddress(laneId))

  const bytes = readFileSync(lane.epochFile(anchor.epoch) ?? '')
  expect(bytesToHex(keccak256(bytes))).toBe(anchor.dataHash)
  const leaves: Hex[] = []
  const kinds: string[] = []
  for await (const { line } of readEpochFile(bytes)) {
    kinds.push(line.kind)
    if (line.kind === 'header') expect(line).toMatchObject({ ...contracts, ...anchorOfHeader(anchor) })
    if (line.kind === 'terms')
      expect([termsHashOf(line.terms), line.document]).toEqual([node.termsHash, fixtures.termsDocument])
    if (line.kind !== 'delivery') continue
    leaves.push(receiptLeaf('DeliveryReceipt', line.delivery.value))
    if (line.work) leaves.push(receiptLeaf('WorkReceipt', line.work.value))
  }
  expect(merkleRoot(leaves)).toBe(anchor.root)
  expect(kinds).toEqual(['header', 'terms', 'delivery', 'delivery', 'delivery', 'voucher', 'counts', 'record'])

  await serve(lane, intentOf('req_d'))
  await serve(lane, intentOf('req_free'), { fault: fault.provider, tokensDelivered: 0 })
  const second = await lane.closeEpoch()
  const vouchers = second?.vouchers.map(({ voucher }) => decodeStruct('Voucher', voucher))
  expect(vouchers).toEqual([
    expect.objectContaining({
      channelId,
      providerId: fixtures.providerId,
      cumulative: 160n,
      earned: 40n,
      epoch: anchor.epoch + 1,
    }),
  ])
  expect(second?.anchor).toMatchObject({ count: 4, sum: '40' })
  expect(await lane.closeEpoch()).toBeNull()
  await journal.close()
})

test('after a restart the next epoch holds the unclosed receipts and no closed one, even with old segments gone', async () => {
  let running = await start()
  for (let i = 0; i < 5; i++) await serve(running.lane, intentOf(`req_${i}`))
  await running.lane.recordIntent(intentOf('req_open'))
  await running.lane.closeEpoch()
  for (let i = 5; i < 8; i++) await serve(running.lane, intentOf(`req_${i}`))
  running = await restart(running)
  const journalDir = join(running.dataDir, 'journal')
  const second = await running.lane.closeEpoch()
  expect([second?.fromSeq, second?.toSeq, second?.anchor.count]).toEqual([6, 8, 6])
  for (const name of readdirSync(journalDir)) utimesSync(join(journalDir, name), new Date(0), new Date(0))
  await serve(running.lane, intentOf('req_8'))
  await running.lane.closeEpoch()
  expect(running.journal.firstIndex).toBeGreaterThan(10)

  running = await restart(running)
  await serve(running.lane, intentOf('req_9'))
  const last = await running.lane.closeEpoch()
  expect([last?.fromSeq, last?.toSeq]).toEqual([10, 10])
  expect(last?.vouchers[0]?.voucher.cumulative).toBe('400')
  expect(running.lane.heldForRecovery().get(channelId)).toBe(1_000n)
  // The attempt that was open all the while is still billed once the node comes back.
  expect(await running.lane.presentWork(nodeId, workOf(intentOf('req_open')).signed)).toMatchObject({ reason: null })
  expect(running.lane.signedMicroUsd(channelId)).toBe(440n)
  await running.journal.close()
})

test("a stream cut by a gateway's death is billed once, to the acknowledged token, however often it is presented", async () => {
  let running = await start()
  const intent = intentOf('req_cut')
  await running.lane.recordIntent(intent)
  running = await restart(running)
  const { signed, workHash } = workOf(intent, { tokensOut: 7, status: 1 })
  const answers = await Promise.all([1, 2, 3].map(() => running.lane.presentWork(nodeId, signed)))
  for (const answer of answers) {
    expect(answer).toMatchObject({
      workHash,
      delivery: { seq: 1, billedOut: 7, billedIn: 20, price: '34', fault: fault.gateway },
    })
  }
  running = await restart(running)
  expect(await running.lane.presentWork(nodeId, signed)).toMatchObject({ delivery: { seq: 1 } })
  const all = await entries(running.journal)
  expect(all.map(({ type }) => type)).toEqual(['receipt-recovered'])
  expect(running.lane.signedMicroUsd(channelId)).toBe(34n)
  await running.journal.close()
})

test('an attempt that another one had replaced earns nothing after a restart, whatever its node signs', async () => {
  let running = await start()
  const first = intentOf('req_moved')
  const second = intentOf('req_moved', { attempt: 1 })
  await running.lane.recordIntent(first)
  await running.lane.recordIntent(second)
  running = await restart(running)
  const present = (intent: typeof first) => running.lane.presentWork(nodeId, workOf(intent, { status: 1 }).signed)
  expect(await present(first)).toMatchObject({ delivery: { price: '0', billedOut: 0 } })
  expect(await present(second)).toMatchObject({ delivery: { price: '40', billedOut: 10 } })
  expect(running.lane.signedMicroUsd(channelId)).toBe(40n)
  await running.journal.close()
})

/** As it would have been billed by the gateway that died: each token once, the prompt to whoever went on. */
test('an answer that went on elsewhere is billed in its parts after a restart, in whatever order the nodes come back', async () => {
  for (const lastFirst of [false, true]) {
    let running = await start()
    const requestId = `req_continued_${lastFirst}`
    const broken = intentOf(requestId)
    const refused = intentOf(requestId, {
      attempt: 1,
      continues: { tokens: 3, delivered: [{ attempt: 0, tokens: 3 }] },
    })
    const last = { ...refused, attempt: 2 }
    for (const intent of [broken, refused, last]) await running.lane.recordIntent(intent)
    await running.lane.closeEpoch()
    running = await restart(running)
    const present = (intent: typeof broken, tokensIn: number) =>
      running.lane.presentWork(nodeId, workOf(intent, { status: 1, tokensIn, tokensOut: 5 }).signed)
    const bills = [
      async () =>
        expect(await present(broken, 20)).toMatchObject({ delivery: { billedIn: 0, billedOut: 3, price: '6' } }),
      async () => expect(await present(refused, 23)).toMatchObject({ delivery: { price: '0' } }),
      async () =>
        expect(await present(last, 23)).toMatchObject({ delivery: { billedIn: 20, billedOut: 5, price: '30' } }),
    ]
    for (const bill of lastFirst ? bills.toReversed() : bills) await bill()
    await running.journal.close()
  }
})

test('a stream that moved on is paid for what it delivered, and the prompt where it ends, with the node’s receipt or without', async () => {
  for (const isSigned of [true, false]) {
    const { lane, journal } = await start()
    const left = intentOf('req_moved_on')
    await lane.recordIntent(left)
    const work = workOf(left, { status: 1, tokensOut: 5 }).signed
    const first = lane.completeAttempt(
      seenOf(left, {
        tokensDelivered: 3,
        fault: fault.gateway,
        movedOn: true,
        end: isSigned ? fixtures.endOf(work, 'aborted') : { kind: 'link_lost' },
      }),
    )
    expect(first).toMatchObject({ tokensIn: 0, tokensCached: 0, tokensOut: 3, priceMicroUsd: 6n })
    const goesOn = intentOf('req_moved_on', {
      attempt: 1,
      continues: { tokens: 3, delivered: [{ attempt: 0, tokens: 3 }] },
    })
    await lane.recordIntent(goesOn)
    const rest = workOf(goesOn, { tokensIn: 23, tokensOut: 5 }).signed
    const second = lane.completeAttempt(seenOf(goesOn, { tokensDelivered: 5, end: fixtures.endOf(rest) }))
    expect(second).toMatchObject({ tokensIn: 20, tokensOut: 5, priceMicroUsd: 30n })
    await finish(lane, goesOn, [first, second])
    expect(lane.signedMicroUsd(channelId)).toBe(36n)
    await journal.close()
  }
})

test('of two attempts at once the one that won is billed after a restart, whoever comes first', async () => {
  for (const [won, isClosed, rivalFirst] of [
    [0, false, false],
    [0, true, true],
    [1, false, true],
    [1, true, false],
    [null, false, false],
  ] as const) {
    let running = await start()
    const first = intentOf('req_hedged')
    const rival = intentOf('req_hedged', { attempt: 1, isHedge: true })
    for (const intent of [first, rival]) await running.lane.recordIntent(intent)
    if (won !== null) running.lane.recordWinner(won === 0 ? first : rival)
    // The record of who won must outlive the journal's checkpoint too.
    if (isClosed) {
      await serve(running.lane, intentOf('req_closed'))
      await running.lane.closeEpoch()
    }
    running = await restart(running)
    const both = rivalFirst ? [rival, first] : [first, rival]
    for (const intent of both) {
      const confirmed = await running.lane.presentWork(nodeId, workOf(intent, { status: 1 }).signed)
      expect(BigInt(String(confirmed?.delivery?.price)) > 0n).toBe(intent.attempt === won)
    }
    await running.journal.close()
  }
})

test('a winner that broke off before a token, and was replaced, is not billed after a restart', async () => {
  let running = await start()
  const first = intentOf('req_hedged')
  const rival = intentOf('req_hedged', { attempt: 1, isHedge: true })
  for (const intent of [first, rival]) await running.lane.recordIntent(intent)
  running.lane.recordWinner(first)
  await running.lane.recordIntent(intentOf('req_hedged', { attempt: 2 }))
  running = await restart(running)
  expect(await running.lane.presentWork(nodeId, workOf(first, { status: 1 }).signed)).toMatchObject({
    delivery: { price: '0' },
  })
  await running.journal.close()
})

test('what nobody received costs nothing after a restart: unstreamed and queued requests', async () => {
  let running = await start()
  const unstreamed = intentOf('req_u', { stream: false })
  const queued = intentOf('req_q', { jobId: 'job_1' })
  await running.lane.recordIntent(unstreamed)
  await running.lane.recordIntent(queued)
  running = await restart(running)
  for (const intent of [unstreamed, queued]) {
    expect(await running.lane.presentWork(nodeId, workOf(intent).signed)).toMatchObject({ delivery: { price: '0' } })
  }
  expect(running.lane.nextAttempt('req_q')).toBe(1)
  await running.journal.close()
})

test("a receipt that is nobody's, forged, or for a request that still runs is not billed", async () => {
  const { lane, journal, confirms } = await start()
  const intent = intentOf('req_r')
  await lane.recordIntent(intent)
  expect(await lane.presentWork(nodeId, workOf(intentOf('req_other')).signed)).toMatchObject({
    delivery: null,
    reason: 'no such request is on record here',
  })
  expect(await lane.presentWork(nodeId, workOf(intent, {}, otherKey).signed)).toMatchObject({ delivery: null })
  await expect(lane.presentWork(nodeId, { work: { seq: 'x' }, signature: '0x' })).rejects.toThrow('invalid_input')
  expect(await lane.presentWork(nodeId, workOf(intent).signed)).toBeNull()
  // The link was lost, the stream went on to its end as far as it had come: the node learns of it with its own hash.
  const completed = lane.completeAttempt(
    seenOf(intent, { end: { kind: 'link_lost' }, tokensDelivered: 3, fault: fault.provider }),
  )
  await finish(lane, intent, [completed])
  expect(completed).toMatchObject({ tokensOut: 3, tokensIn: 0, priceMicroUsd: 6n })
  const told = {
    workHash: workOf(intent).workHash,
    delivery: null,
    reason: expect.stringContaining('6 µUSD') as string,
  }
  await vi.waitFor(() => expect(confirms).toEqual([[nodeId, expect.objectContaining(told)]]))
  expect(await lane.presentWork(nodeId, workOf(intent).signed)).toMatchObject(told)
  await journal.close()
})

test('a work receipt that is not the one that was ordered earns nothing', async () => {
  const { lane, journal } = await start()
  const wrong: [string, Parameters<typeof workOf>[1], Hex?][] = [
    ['channel', { channelId: `0x${'99'.repeat(32)}` }],
    ['terms', { termsHash: `0x${'99'.repeat(32)}` }],
    ['model', { modelHash: `0x${'99'.repeat(32)}` }],
    ['body', { requestHash: `0x${'99'.repeat(32)}` }],
    ['output', { outputHash: `0x${'99'.repeat(32)}` }],
    ['tokens', { tokensOut: 257 }],
    ['attempt', { attempt: 1 }],
    ['key', {}, otherKey],
  ]
  for (const [what, changes, key] of wrong) {
    const intent = intentOf(`req_${what}`)
    const done = await serve(lane, intent, { end: fixtures.endOf(workOf(intent, changes, key).signed) })
    expect([what, done.priceMicroUsd, done.delivery.fault, done.pair.work]).toEqual([what, 0n, fault.provider, null])
  }
  await journal.close()
})

test('the answer of a queued request is known again after a restart', async () => {
  let running = await start()
  const intent = intentOf('req_j', { jobId: 'job_1', stream: false })
  await running.lane.recordIntent(intent)
  await finish(running.lane, intent, [running.lane.completeAttempt(seenOf(intent))], { object: 'chat.completion' })
  running = await restart(running)
  expect(running.lane.answerOf('req_j')).toEqual({
    outcome: 'answered',
    httpStatus: 200,
    answer: { object: 'chat.completion' },
    message: null,
  })
  expect(running.lane.answerOf('req_k')).toBeUndefined()
  await running.journal.close()
})

test('any mix of finished, open and closed work adds up after a restart at any point', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom('serve', 'open', 'close', 'restart', 'recover'), { maxLength: 24 }),
      async (steps) => {
        let running = await start()
        let expected = 0n
        let n = 0
        let open: Intent[] = []
        let inherited: Intent[] = []
        for (const step of steps) {
          if (step === 'serve') expected += (await serve(running.lane, intentOf(`req_${n++}`))).priceMicroUsd
          if (step === 'open') {
            const intent = intentOf(`req_${n++}`)
            await running.lane.recordIntent(intent)
            open.push(intent)
          }
          if (step === 'close') await running.lane.closeEpoch()
          if (step === 'restart') {
            running = await restart(running)
            inherited.push(...open)
            open = []
          }
          if (step === 'recover') {
            for (const intent of inherited) await running.lane.presentWork(nodeId, workOf(intent).signed)
            expected += 40n * BigInt(inherited.length)
            inherited = []
          }
        }
        running = await restart(running)
        expect(running.lane.signedMicroUsd(channelId)).toBe(expected)
        await running.lane.closeEpoch()
        const anchored = (await entries(running.journal)).filter((entry) => entry.type === 'epoch-closed')
        const sum = anchored.reduce((total, { anchor }) => total + BigInt(anchor.sum ?? 0), 0n)
        if (running.journal.firstIndex === 1) expect(sum).toBe(expected)
        const due = anchored.flatMap(({ vouchers }) => vouchers).at(-1)?.voucher.cumulative
        expect(BigInt(due ?? 0)).toBe(expected)
        await running.journal.close()
        rmSync(running.dataDir, { recursive: true, force: true })
      },
    ),
    { numRuns: 25 },
  )
})
