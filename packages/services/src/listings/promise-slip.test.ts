import { expect, test } from 'vitest'
import { noPromises, type Promises } from '../providers/terms.ts'
import type { MeasuredMarket } from './measured-nodes.ts'
import { promiseGap, promiseSlip } from './promise-slip.ts'

const promises: Promises = {
  ttftBaseMs: 2_000,
  ttftPerKtokMs: 0,
  tpotUs: 60_000,
  concurrencyMax: 8,
  penaltyBps: 1_000,
  sloRegion: '',
}
const none = { nodes: 0, ttftP95Ms: null, ttftPerKtokMs: null, tokensPerSecond: null }
const nothing: MeasuredMarket = { like: none, all: none, penaltyBps: null }
/** 20 tokens a second: 50 ms for each. */
const like: MeasuredMarket = { ...nothing, like: { ...none, nodes: 2, ttftP95Ms: 900, tokensPerSecond: 20 } }
const asked = (changed: Partial<Promises>, measured = like, own: number | null = 300) =>
  promiseSlip({ ...promises, ...changed }, measured, own)

/** Money: a promise is paid for from stake, so half of one is no promise, and nobody makes one by leaving a field as it was. */
test('a time without a share that comes back is refused; nothing at all is a choice', () => {
  expect(promiseGap(promises)).toBeNull()
  expect(promiseGap(noPromises)).toBeNull()
  expect(promiseGap({ ...noPromises, concurrencyMax: 8 })).toBeNull()
  for (const time of ['ttftBaseMs', 'ttftPerKtokMs', 'tpotUs'] as const) {
    expect(promiseGap({ ...noPromises, [time]: 1 }), time).toContain('nothing comes back when it is broken')
  }
})

test('a share without a time is asked about, because it stands for availability alone', () => {
  expect(asked({ ttftBaseMs: 0, tpotUs: 0 })).toEqual({
    field: 'penaltyBps',
    question:
      'No time is promised, so 10 % comes back only where more than 1 % of attempts end by this node’s fault. Is that what you mean?',
  })
  expect(asked({ ttftBaseMs: 0, tpotUs: 0, penaltyBps: 0 })).toBeNull()
})

/** Money: 50 that was meant as milliseconds is not promised as microseconds. */
test('a time that is magnitudes off what is measured is asked about, every one of them at once', () => {
  expect(asked({})).toBeNull()
  expect(asked({ ttftBaseMs: 30, tpotUs: 50 })).toEqual({
    field: 'ttftBaseMs',
    question:
      'A first token within 30 ms is 10 times shorter than the 300 ms that this node took when its agent asked it. Each further token within 0.05 ms is 1000 times shorter than the 50 ms of like nodes. Is that what you mean?',
  })
  expect(asked({ ttftBaseMs: 31, tpotUs: 5_001 })).toBeNull()
  // Well above the middle is how a promise is kept; a hundred times above it says nothing.
  expect(asked({ ttftBaseMs: 29_999 })).toBeNull()
  expect(asked({ ttftBaseMs: 30_000 })?.question).toContain('more than 100 times longer than the 300 ms')
  expect(asked({ ttftBaseMs: 9_999 }, like, 2)).toBeNull()
})

test('what is added for each 1,000 tokens in counts: any prompt gets it once', () => {
  expect(asked({ ttftBaseMs: 0, ttftPerKtokMs: 400 })).toBeNull()
  expect(asked({ ttftBaseMs: 0, ttftPerKtokMs: 20 })?.question).toContain(
    'A first token to a prompt of up to 1,000 tokens within 20 ms is 15 times shorter',
  )
})

test('it is held against the node itself, else like nodes, else all nodes, else what is usual', () => {
  const all = { ...like, like: none, all: { ...like.like, ttftP95Ms: 700 } }
  const against = (measured: MeasuredMarket, own: number | null) => asked({ ttftBaseMs: 1 }, measured, own)?.question
  expect(against(like, 300)).toContain('this node took')
  expect(against(like, null)).toContain('the 900 ms of like nodes')
  expect(against(all, null)).toContain('the 700 ms of all nodes')
  expect(against(nothing, null)).toContain('the usual 500 ms')
  expect(asked({ tpotUs: 50 }, nothing)?.question).toContain('0.05 ms is 600 times shorter than the usual 30 ms')
})

test('a share that comes back is held against that of other nodes', () => {
  expect(asked({ penaltyBps: 10 })?.question).toContain('That 0.1 % comes back is 100 times below the usual 10 %.')
  expect(asked({ penaltyBps: 5_000 }, { ...like, penaltyBps: 500 })?.question).toContain(
    'That 50 % comes back is 10 times above the 5 % of other nodes.',
  )
  expect(asked({ penaltyBps: 9_999 })).toBeNull()
})
