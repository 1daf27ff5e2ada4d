/** Credits hold a stream to what is acknowledged, and a receipt that nobody confirmed is presented until somebody has. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createFrameOutbox, encodeCredit, outputChain, randomBytes32, workStatus, type Hex } from '@isochrone/protocol'
import { expect, test, vi } from 'vitest'
import { chat, linkedAgent, usedUp } from './linked-agent.ts'
import { SMALL_CREDIT_BYTES } from './test-gateway.ts'

const node = linkedAgent()

/** Without this a slow reader makes the node buffer without bound. */
test('a stream without credits stops at the initial window and goes on when credits come', async () => {
  await node.grantAtFirst(SMALL_CREDIT_BYTES)
  const stream = node.gateway.open({}, chat(1000))
  await usedUp(stream)
  await new Promise((resolve) => setTimeout(resolve, 150))
  // Only the chunk that used it up may go beyond.
  expect(stream.creditTaken(1)).toBeLessThan(SMALL_CREDIT_BYTES)
  stream.credit(1_000_000, 10)
  expect((await stream.end).status).toBe('completed')
  expect(stream.chunks.at(-1)?.tokensOut).toBe(1000)
})

test('an answer that is not streamed waits for credit too, whatever it is put together of', async () => {
  await node.grantAtFirst(300)
  const stream = node.gateway.open({}, { ...chat(900), stream: false })
  await usedUp(stream, 300)
  await new Promise((resolve) => setTimeout(resolve, 150))
  expect(stream.creditTaken(1)).toBeLessThan(300)
  stream.credit(1_000_000, 0)
  expect((await stream.end).status).toBe('completed')
  expect(stream.chunks.at(-1)?.tokensOut).toBe(900)
})

/** A gateway's death bills a stream exactly to the last acknowledged frame, once. */
test('a lost link signs for the acknowledged tokens and presents the receipt until it is confirmed', async () => {
  await node.grantAtFirst(SMALL_CREDIT_BYTES)
  const stream = node.gateway.open({}, chat(1500))
  await usedUp(stream)
  const acknowledged = stream.chunks[Math.floor(stream.chunks.length / 2)]
  stream.credit(2_000, acknowledged?.tokensOut ?? 0)
  await usedUp(stream, SMALL_CREDIT_BYTES + 2_000)
  await node.gateway.kill()
  await expect.poll(() => node.agent.receipts.unconfirmedCount).toBe(1)

  await node.gateway.start()
  await node.linked()
  await expect.poll(() => node.gateway.represented.length).toBe(1)
  const work = node.gateway.checkedWork(node.gateway.represented[0] ?? null)
  expect(work).toMatchObject({
    requestId: stream.open.requestId,
    tokensOut: acknowledged?.tokensOut,
    outputHash: acknowledged?.head,
    status: workStatus.aborted,
  })

  node.gateway.confirm(work)
  await expect.poll(() => node.agent.receipts.unconfirmedCount).toBe(0)
  await node.gateway.kill()
  await node.gateway.start()
  await node.linked()
  expect(node.gateway.represented).toHaveLength(1)
  const log = await readFile(join(node.dataDir, 'receipts.jsonl'), 'utf8')
  expect(
    log
      .split('\n')
      .slice(0, -1)
      .map((line) => (JSON.parse(line) as { kind: string }).kind),
  ).toEqual(['work', 'confirm'])
})

test('a stream that lost its link before any credit is signed for no token', async () => {
  await node.grantAtFirst(SMALL_CREDIT_BYTES)
  const stream = node.gateway.open({}, chat(1500))
  await usedUp(stream)
  await node.gateway.kill()
  await expect.poll(() => node.agent.receipts.unconfirmedCount).toBe(1)
  await node.gateway.start()
  await expect.poll(() => node.gateway.represented.length, { timeout: 30_000 }).toBe(1)
  const work = node.gateway.checkedWork(node.gateway.represented[0] ?? null)
  expect([work.tokensOut, work.outputHash]).toEqual([0, outputChain(stream.open.salt as Hex).head()])
})

test('numbers go on after a restart, and another agent cannot share the data directory', async () => {
  await expect(node.start()).rejects.toThrow('another agent already runs')
  await node.gateway.open({}, chat(3)).end
  await node.restart()
  await expect.poll(() => node.gateway.represented.length, { timeout: 30_000 }).toBe(1)
  const end = await node.gateway.open({}, chat(3)).end
  expect(node.gateway.checkedWork(end.work).seq).toBe(2)
})

test('a confirmation that the lane did not sign closes the link and confirms nothing', async () => {
  const end = await node.gateway.open({}, chat(3)).end
  node.gateway.confirm(node.gateway.checkedWork(end.work), randomBytes32())
  await expect.poll(() => node.gateway.rejects.length).toBe(1)
  await expect.poll(() => node.gateway.represented.length, { timeout: 30_000 }).toBe(1)
  expect(node.agent.receipts.unconfirmedCount).toBe(1)
})

/** Its signature costs more than all that the request needs before its engine. */
test('a confirmation that comes in one message with a request is checked when that is on its way', async () => {
  const first = await node.gateway.open({}, chat(3)).end
  const socket = node.gateway.current?.socket
  if (!socket) throw new Error('no link')
  const [claimed, confirmed] = [vi.spyOn(node.agent.receipts, 'claim'), vi.spyOn(node.agent.receipts, 'confirm')]
  const message = createFrameOutbox((whole) => socket.send(whole))
  const sending = vi.spyOn(socket, 'send').mockImplementation((frame) => message.push(frame as Buffer))
  node.gateway.confirm(node.gateway.checkedWork(first.work))
  const second = node.gateway.open({}, chat(3))
  sending.mockRestore()
  message.flush()
  await expect.poll(() => confirmed.mock.calls.length, { timeout: 30_000 }).toBe(1)
  expect(claimed.mock.invocationCallOrder[0]).toBeLessThan(confirmed.mock.invocationCallOrder[0] ?? 0)
  expect((await second.end).status).toBe('completed')
  expect(node.agent.receipts.unconfirmedCount).toBe(1)
})

test('credit for tokens that were never sent is a violation', async () => {
  await node.grantAtFirst(SMALL_CREDIT_BYTES)
  const stream = node.gateway.open({}, chat(1500))
  await usedUp(stream)
  node.gateway.raw(encodeCredit(stream.id, 1, 100_000))
  await expect.poll(() => node.gateway.rejects.length).toBe(1)
})

test('credits and cancels for streams that ended mean nothing', async () => {
  const stream = node.gateway.open({}, chat(3))
  await stream.end
  stream.credit(5, 3)
  stream.cancel()
  expect((await node.gateway.open({}, chat(3)).end).status).toBe('completed')
})
