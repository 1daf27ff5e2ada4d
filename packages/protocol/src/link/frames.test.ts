import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createFrameOutbox } from './frame-outbox.ts'
import {
  decodeCredit,
  decodeData,
  decodeFrame,
  decodeJsonPayload,
  decodeOpen,
  encodeBatch,
  encodeCredit,
  encodeData,
  encodeFrame,
  encodeJsonFrame,
  encodeOpen,
  forEachFrame,
  frameType,
} from './frames.ts'
import { outputChain } from './output-chain.ts'

const u32 = fc.nat(4_294_967_295)

test('every kind of frame comes back as it was sent', () => {
  fc.assert(
    fc.property(u32, u32, u32, fc.string({ unit: 'grapheme' }), fc.uint8Array(), (stream, a, b, text, body) => {
      const data = decodeData(decodeFrame(encodeData(stream, a, text)))
      expect([data.tokensOut, Buffer.from(data.chunk).toString('utf8')]).toEqual([
        a,
        Buffer.from(text, 'utf8').toString('utf8'),
      ])
      expect(decodeCredit(decodeFrame(encodeCredit(stream, a, b)))).toEqual({ bytes: a, tokensAcknowledged: b })
      const open = decodeOpen(decodeFrame(encodeOpen(stream, { text: a }, body)))
      expect(open.header).toEqual({ text: a })
      expect(Buffer.from(open.body)).toEqual(Buffer.from(body))
      const json = decodeFrame(encodeJsonFrame(frameType.hello, stream, { a }))
      expect([json.streamId, decodeJsonPayload(json)]).toEqual([stream, { a }])
    }),
  )
})

test('frames that share a message come out one by one, in order', async () => {
  const messages: Buffer[] = []
  const outbox = createFrameOutbox((message) => messages.push(message))
  const large = encodeFrame(frameType.open, 9, Buffer.alloc(20_000))
  const sent = [encodeCredit(1, 2, 3), encodeData(2, 1, '{}'), large, encodeFrame(frameType.cancel, 4)]
  for (const frame of sent) outbox.push(frame)
  await new Promise((resolve) => setImmediate(resolve))
  outbox.push(encodeFrame(frameType.cancel, 5))
  outbox.flush()
  expect(messages).toHaveLength(4)
  const received: [number, number][] = []
  for (const message of messages) forEachFrame(message, ({ type, streamId }) => received.push([type, streamId]))
  const { credit, data, open, cancel } = frameType
  expect(received).toEqual([
    [credit, 1],
    [data, 2],
    [open, 9],
    [cancel, 4],
    [cancel, 5],
  ])
})

test('a frame that has another to come goes with it, or alone when none comes in time', async () => {
  const messages: Buffer[] = []
  const outbox = createFrameOutbox((message) => messages.push(message))
  const turn = () => new Promise((resolve) => setImmediate(resolve))
  const idsOf = () => {
    const ids: number[] = []
    for (const message of messages.splice(0)) forEachFrame(message, ({ streamId }) => ids.push(streamId))
    return ids
  }
  outbox.push(encodeData(1, 1, '{}'), true)
  await turn()
  expect(messages).toEqual([])
  outbox.push(encodeFrame(frameType.end, 1))
  await turn()
  expect([messages.length, idsOf()]).toEqual([1, [1, 1]])
  outbox.push(encodeData(2, 1, '{}'), true)
  await expect.poll(() => messages.length).toBe(1)
  expect(idsOf()).toEqual([2])
})

test('a batch that is cut, or holds another, is refused', () => {
  const batch = encodeBatch([encodeCredit(1, 2, 3), encodeCredit(2, 2, 3)])
  for (let bytes = 6; bytes < batch.length; bytes++) {
    const isWhole = bytes === 5 + 4 + 13
    if (!isWhole) expect(() => forEachFrame(batch.subarray(0, bytes), () => undefined)).toThrow('Agent link')
  }
  expect(() => forEachFrame(encodeBatch([batch]), () => undefined)).toThrow('BATCH in a BATCH')
})

test('bytes that are no frame are refused with one kind of error, never a crash', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      try {
        const frame = decodeFrame(bytes)
        for (const decode of [decodeData, decodeCredit, decodeOpen, decodeJsonPayload]) {
          try {
            decode(frame)
          } catch (error) {
            expect(String(error)).toContain('Agent link')
          }
        }
      } catch (error) {
        expect(String(error)).toContain('Agent link')
      }
    }),
    { numRuns: 2000 },
  )
  expect(() => decodeOpen(decodeFrame(encodeFrame(frameType.open, 1, Buffer.from([255, 255, 255, 255]))))).toThrow(
    'cut header',
  )
})

test('the output hash depends on every chunk and on their order', () => {
  const salt = `0x${'ab'.repeat(32)}` as const
  const chain = (chunks: string[]) => {
    const c = outputChain(salt)
    for (const x of chunks) c.add(Buffer.from(x))
    return c.head()
  }
  expect(chain(['a', 'b'])).not.toBe(chain(['b', 'a']))
  expect(chain(['a', 'b'])).not.toBe(chain(['ab']))
  expect(chain(['a'])).toBe(chain(['a']))
})
