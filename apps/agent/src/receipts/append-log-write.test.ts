/** What is written without waiting for the disk: in the file at once, in its order, and on the disk soon. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { ZeroedAhead } from '@isochrone/runtime'
import { afterAll, expect, test, vi } from 'vitest'
import { AppendLog } from './append-log.ts'

const directory = await mkdtemp(join(tmpdir(), 'isochrone-append-write-'))
afterAll(() => rm(directory, { recursive: true }))

/** On a disk whose syncs end when the test says so. */
async function slowLog(name: string) {
  const path = join(directory, name)
  const syncs: { end: () => void; fail: (error: Error) => void }[] = []
  const sync = () => new Promise<void>((resolve, reject) => syncs.push({ end: resolve, fail: reject }))
  const log = await AppendLog.open(path, () => {}, sync)
  const text = async () => (await readFile(path, 'utf8')).replaceAll('\0', '')
  const close = async () => {
    const closed = log.close()
    while (await Promise.race([turn(true), closed.then(() => false)])) syncs.pop()?.end()
  }
  return { log, syncs, text, close }
}

/** Whether it has resolved by the next turn. */
const isOver = async (promise: Promise<unknown>) => await Promise.race([promise.then(() => true), turn(false)])

test('a line is in the file while a sync is under way, behind what waits, and the next sync is for both', async () => {
  const { log, syncs, text, close } = await slowLog('order.jsonl')
  const first = log.append(1)
  await turn()
  const second = log.append(2)
  await log.write(3)
  expect(await text()).toBe('1\n2\n3\n')
  syncs.pop()?.end()
  await first
  // It may have begun before they were in the file.
  expect(await isOver(second)).toBe(false)
  syncs.pop()?.end()
  await second
  expect(syncs).toEqual([])
  await log.write(4)
  expect(await text()).toBe('1\n2\n3\n4\n')
  // Nobody waits for it, and it goes to the disk all the same.
  await expect.poll(() => syncs.length).toBe(1)
  await close()
})

test('the end of the log is synced too, with what is written while it closes', async () => {
  const { log, syncs, text } = await slowLog('end.jsonl')
  await log.write(1)
  const closed = log.close()
  await turn()
  await log.write(2)
  syncs.pop()?.end()
  expect(await isOver(closed)).toBe(false)
  expect(syncs).toHaveLength(1)
  syncs.pop()?.end()
  await closed
  expect(await text()).toBe('1\n2\n')
  await expect(log.write(3)).rejects.toThrow('closed')
})

/** Else what a power loss tears is taken for damage, and the node does not start. */
test('no more than 1 MiB is written and not synced: what would be more waits for the disk', async () => {
  const { log, syncs, text, close } = await slowLog('bound.jsonl')
  const half = 'x'.repeat(600_000)
  await log.write(half)
  const over = log.write(half)
  await expect.poll(() => syncs.length).toBe(1)
  expect(await isOver(over)).toBe(false)
  expect((await text()).length).toBe(600_003)
  syncs.pop()?.end()
  await expect.poll(() => syncs.length).toBe(1)
  expect((await text()).length).toBe(2 * 600_003)
  syncs.pop()?.end()
  await over
  await close()
})

test('a line that comes while another one waits for room waits behind it', async () => {
  const { log, syncs, text, close } = await slowLog('room.jsonl')
  let made = () => {}
  const making = new Promise<void>((resolve) => (made = resolve))
  vi.spyOn(ZeroedAhead.prototype, 'before').mockImplementationOnce(() => making)
  const first = log.append(1)
  await turn()
  const second = log.write(2)
  expect(await isOver(second)).toBe(false)
  expect(await text()).toBe('')
  made()
  await expect.poll(() => syncs.length).toBe(1)
  syncs.pop()?.end()
  await first
  await expect.poll(() => syncs.length).toBe(1)
  syncs.pop()?.end()
  await second
  expect(await text()).toBe('1\n2\n')
  await close()
})

test('a disk that fails ends the log: nothing is written to it any more', async () => {
  const { log, syncs } = await slowLog('failed.jsonl')
  await log.write(1)
  await expect.poll(() => syncs.length).toBe(1)
  const waits = log.append(2)
  // In the file by then, and still to be synced.
  await log.write(3)
  syncs.pop()?.fail(new Error('the disk is gone'))
  await expect(waits).rejects.toThrow('the disk is gone')
  await expect(log.write(4)).rejects.toThrow('the disk is gone')
  await expect(log.append(5)).rejects.toThrow('the disk is gone')
  await log.close()
})
