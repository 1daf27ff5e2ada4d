import { structFields } from '@isochrone/protocol/receipt-fields'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { runCheckHere, type PathInput } from './check-jobs.ts'
import type { CheckOrder } from './run-check.ts'
import type { Fields } from './signed-structs.ts'

const input: PathInput = { kind: 'DeliveryReceipt', fields: fieldsOf(1), proof: [`0x${'ab'.repeat(32)}`] }
const other: PathInput = { ...input, fields: fieldsOf(2) }

/** Every field of the structure: zero, but its number. */
function fieldsOf(seq: number): Fields {
  const zeroOf = (type: string) => {
    const bytes = /^bytes(\d+)$/.exec(type)?.[1]
    return bytes === undefined ? 0 : `0x${'00'.repeat(Number(bytes))}`
  }
  const zeros = structFields.DeliveryReceipt.map(([field, type]) => [field, zeroOf(type)] as const)
  return { ...Object.fromEntries(zeros), seq }
}

beforeEach(() => {
  vi.resetModules()
})
afterEach(() => {
  vi.unstubAllGlobals()
})
const load = async () => (await import('./run-check.ts')).runCheck

/** Answers as `check-worker.ts` does, the newest order first. */
class BackwardsWorker extends EventTarget {
  static started = 0
  readonly orders: CheckOrder[] = []
  constructor() {
    super()
    BackwardsWorker.started += 1
  }
  postMessage(order: CheckOrder) {
    this.orders.unshift(order)
    if (this.orders.length === 2) void this.answerAll()
  }
  async answerAll() {
    for (const { id, kind, input: given } of this.orders) {
      const result = await runCheckHere(kind, given)
      this.dispatchEvent(new MessageEvent('message', { data: { id, result } }))
    }
  }
}

test('one worker serves every check, and each gets its own answer in whatever order they come', async () => {
  vi.stubGlobal('Worker', BackwardsWorker)
  const runCheck = await load()
  const both = await Promise.all([runCheck('path', input), runCheck('path', other)])
  expect(both).toEqual([await runCheckHere('path', input), await runCheckHere('path', other)])
  expect(both[0]?.leaf).not.toBe(both[1]?.leaf)
  expect(BackwardsWorker.started).toBe(1)
})

test('where no worker can start, the page checks the same itself', async () => {
  vi.stubGlobal('Worker', function refuse(): never {
    throw new Error('refused by policy')
  })
  const runCheck = await load()
  expect(await runCheck('path', input)).toEqual(await runCheckHere('path', input))
})

test('a worker whose script does not load leaves no check waiting, and is not tried again', async () => {
  let started = 0
  vi.stubGlobal(
    'Worker',
    class extends EventTarget {
      constructor() {
        super()
        started += 1
      }
      postMessage() {
        queueMicrotask(() => this.dispatchEvent(new Event('error')))
      }
    },
  )
  const runCheck = await load()
  expect(await runCheck('path', input)).toEqual(await runCheckHere('path', input))
  expect(await runCheck('path', other)).toEqual(await runCheckHere('path', other))
  expect(started).toBe(1)
})

test('what the worker could not do is an error of its check alone', async () => {
  vi.stubGlobal(
    'Worker',
    class extends EventTarget {
      postMessage({ id }: CheckOrder) {
        const data = { id, error: 'out of memory' }
        queueMicrotask(() => this.dispatchEvent(new MessageEvent('message', { data })))
      }
    },
  )
  const runCheck = await load()
  await expect(runCheck('path', input)).rejects.toThrow('out of memory')
})
