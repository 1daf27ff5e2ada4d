/**
 * What an agent may send over its link, what it may not, and what is no frame: messages in order, out of order, for streams
 * of somebody else, nested batches, wrong lengths.
 */
import {
  CHUNK_BYTES_MAX,
  encodeBatch,
  encodeData,
  encodeFrame,
  encodeJsonFrame,
  frameType,
  type FrameType,
} from '@isochrone/protocol'
import fc from 'fast-check'

const hex = (bytes: number) =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((each) => `0x${Buffer.from(each).toString('hex')}`)
const anything = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.constantFrom(0, -1, 1.5, 2 ** 53, 2 ** 64, 1e308, -0, null, true, '', '0x', '\u0000', '\ud800', [], {}, [[]]),
  fc.jsonValue({ maxDepth: 2 }),
)
const mostly = (arbitrary: fc.Arbitrary<unknown>, weight = 10) =>
  fc.oneof({ weight, arbitrary }, { weight: 1, arbitrary: anything })
const count = fc.oneof(fc.nat(100), fc.constantFrom(0, 2 ** 31, 2 ** 53 - 1))

const work = fc.record(
  {
    channelId: mostly(hex(32)),
    requestId: mostly(hex(32)),
    attempt: mostly(fc.nat(300)),
    nodeId: mostly(hex(32)),
    seq: mostly(fc.oneof(count, fc.constantFrom('1', '18446744073709551615', '18446744073709551616', '-1', '1e3'))),
    termsHash: mostly(hex(32)),
    modelHash: mostly(hex(32)),
    requestHash: mostly(hex(32)),
    outputHash: mostly(hex(32)),
    integrityRoot: mostly(hex(32)),
    tokensIn: mostly(count),
    tokensCached: mostly(count),
    tokensOut: mostly(count),
    engineTtftUs: mostly(count),
    engineDurationUs: mostly(count),
    finishedAtMs: mostly(count),
    status: mostly(fc.nat(6)),
  },
  { requiredKeys: [] },
)
const signedWork = fc.record({ work: mostly(work), signature: mostly(hex(65)) })
const end = fc.record({
  status: mostly(fc.constantFrom('completed', 'aborted', 'engine_failed', 'rejected', 'invalid_request'), 20),
  message: mostly(fc.oneof(fc.constant(null), fc.string({ maxLength: 600 })), 20),
  engineStatus: mostly(fc.oneof(fc.constant(null), fc.integer())),
  work: mostly(fc.oneof(fc.constant(null), signedWork), 20),
})
const heartbeat = fc.record(
  {
    sentAtMs: mostly(count, 30),
    activeStreams: mostly(count, 30),
    queuedStreams: mostly(count, 30),
    tokensPerSecond: mostly(fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }), 30),
    kvUsage: mostly(fc.oneof(fc.constant(null), fc.double({ min: 0, max: 1, noNaN: true })), 30),
    draining: mostly(fc.boolean(), 30),
    prefillTokens: mostly(count, 30),
    contextTokens: mostly(count, 30),
    pace: mostly(fc.double({ min: 0, max: 100, noNaN: true }), 30),
  },
  { requiredKeys: ['sentAtMs', 'activeStreams', 'queuedStreams', 'tokensPerSecond', 'kvUsage', 'draining'] },
)
const answer = fc.record({
  epoch: mostly(count),
  version: mostly(fc.nat(260)),
  signature: mostly(fc.oneof(fc.constant(null), hex(65))),
  reason: mostly(fc.oneof(fc.constant(null), fc.string({ maxLength: 320 }))),
})

/** Chunks of an answer as engines write them, and as they should not. */
export const arbitraryChunk: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .record({
        id: mostly(fc.string({ maxLength: 8 })),
        object: fc.constantFrom('chat.completion.chunk', 'text_completion'),
        created: mostly(fc.nat()),
        model: mostly(fc.string({ maxLength: 8 })),
        choices: mostly(
          fc.array(
            mostly(
              fc.record(
                {
                  index: mostly(fc.nat(2)),
                  delta: mostly(
                    fc.record(
                      {
                        role: mostly(fc.constant('assistant')),
                        content: mostly(fc.string({ unit: 'grapheme', maxLength: 12 })),
                        tool_calls: mostly(
                          fc.array(
                            mostly(
                              fc.record(
                                {
                                  index: mostly(fc.nat(3)),
                                  id: mostly(fc.string({ maxLength: 4 })),
                                  function: mostly(
                                    fc.record({ name: anything, arguments: anything }, { requiredKeys: [] }),
                                  ),
                                },
                                { requiredKeys: [] },
                              ),
                            ),
                            { maxLength: 2 },
                          ),
                        ),
                        ['__proto__']: anything,
                      },
                      { requiredKeys: [] },
                    ),
                  ),
                  text: mostly(fc.string({ maxLength: 12 })),
                  logprobs: mostly(fc.record({ content: fc.array(anything, { maxLength: 2 }) })),
                  finish_reason: mostly(fc.constantFrom(null, 'stop', 'length')),
                },
                { requiredKeys: ['index'] },
              ),
            ),
            { maxLength: 2 },
          ),
          20,
        ),
        data: mostly(fc.array(anything, { maxLength: 2 })),
        usage: anything,
      })
      .map((each) => JSON.stringify(each)),
  },
  { weight: 1, arbitrary: fc.string({ maxLength: 30 }) },
  { weight: 1, arbitrary: anything.map((each) => JSON.stringify(each)) },
)

const types = Object.values(frameType)
const streamId = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 1, max: 6 }) },
  { weight: 1, arbitrary: fc.constantFrom(0, 7, 1_000, 2 ** 31, 2 ** 32 - 1) },
)
const json = (type: FrameType, id: fc.Arbitrary<number>, message: fc.Arbitrary<unknown>) =>
  fc.tuple(id, message).map(([stream, value]) => encodeJsonFrame(type, stream, value))
const zero = fc.constant(0)

const single: fc.Arbitrary<Buffer> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(streamId, fc.nat(200), arbitraryChunk).map(([id, n, chunk]) => encodeData(id, n, chunk)),
  },
  { weight: 3, arbitrary: json(frameType.end, streamId, end) },
  { weight: 4, arbitrary: json(frameType.heartbeat, zero, heartbeat) },
  { weight: 3, arbitrary: json(frameType.represent, zero, signedWork) },
  { weight: 2, arbitrary: json(frameType.recordAnswer, zero, answer) },
  { weight: 2, arbitrary: fc.uint8Array({ maxLength: 40 }).map((each) => encodeFrame(frameType.ping, 0, each)) },
  {
    weight: 2,
    arbitrary: fc.uint8Array({ minLength: 8, maxLength: 8 }).map((each) => encodeFrame(frameType.pong, 0, each)),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom(...types), streamId, fc.uint8Array({ maxLength: 60 }))
      .map(([type, id, payload]) => encodeFrame(type, id, payload)),
  },
)

/** Around the largest chunk: it ends its stream, and not the link. */
const large = fc
  .tuple(streamId, fc.integer({ min: -200, max: 200 }))
  .map(([id, off]) => encodeData(id, 1, `"${'x'.repeat(CHUNK_BYTES_MAX - 2 + off)}"`))

const batched: fc.Arbitrary<Buffer> = fc.oneof(
  { weight: 4, arbitrary: fc.array(single, { maxLength: 6 }).map(encodeBatch) },
  { weight: 1, arbitrary: fc.array(single, { maxLength: 2 }).map((frames) => encodeBatch([encodeBatch(frames)])) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.array(single, { minLength: 1, maxLength: 3 }), fc.nat(2 ** 32 - 1))
      .map(([frames, length]) => {
        const batch = encodeBatch(frames)
        batch.writeUInt32BE(length, 5)
        return batch
      }),
  },
)

/** One message of a link. */
export const arbitraryMessage: fc.Arbitrary<Buffer> = fc.oneof(
  { weight: 40, arbitrary: single },
  { weight: 10, arbitrary: batched },
  { weight: 1, arbitrary: large },
  { weight: 5, arbitrary: fc.uint8Array({ maxLength: 80 }).map((each) => Buffer.from(each)) },
)
