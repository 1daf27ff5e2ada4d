/** Memory: what each request makes are fast objects. A literal with a getter is none, and keeps its request until a full collection. */
import { EventEmitter } from 'node:events'
import type { ServerResponse } from 'node:http'
import { setFlagsFromString } from 'node:v8'
import { runInThisContext } from 'node:vm'
import { manualClock } from '@isochrone/domain'
import { expect, test } from 'vitest'
import { createSseSink } from '../http/sse-sink.ts'
import { LinkStream } from '../link/link-stream.ts'
import { collectAnswer } from './answer/collect-answer.ts'
import { createDecisions } from './placement/decisions.ts'
import { followDelivered } from './answer/delivered-text.ts'
import { followAnswer } from './answer/followed-answer.ts'
import { createRateBuckets } from './limits/rate-buckets.ts'
import { createStop } from './stopping.ts'

setFlagsFromString('--allow-natives-syntax')
const isFast = runInThisContext('(object) => %HasFastProperties(object)') as (object: object) => boolean

const { signal } = new AbortController()
const wire = { creditDue: () => {}, sendCancel: () => {}, forget: () => {} }
const words = { begin: () => '', translate: null }
const buckets = createRateBuckets(manualClock(0))
const response = () => new EventEmitter() as unknown as ServerResponse

const made: readonly [string, () => object][] = [
  ['an answer that is put together', () => collectAnswer('/v1/chat/completions', signal)],
  ['an answer that is followed', () => followAnswer(collectAnswer('/v1/completions', signal), 'completion', true)],
  ['its text', () => followDelivered('chat')],
  ['the sink of a stream', () => createSseSink(response(), { signal, words, headersOf: () => ({}) })],
  ['what stops an attempt', () => createStop()],
  ['its decisions', () => createDecisions(null)],
  ['a bucket of a limit', () => buckets.of('org_1 requests', 60, 1)],
  ['a stream of a link', () => new LinkStream(1, `0x${'11'.repeat(32)}`, wire)],
]

test.each(made)('%s is a fast object', (_what, make) => {
  expect(isFast(make())).toBe(true)
})

test('a literal with a getter is none: that is what this guards against', () => {
  const make = (value: number) => ({
    get value() {
      return value
    },
  })
  expect(isFast(make(1))).toBe(false)
})
