import { creditOfChunk, outputChain, randomBytes32 } from '@isochrone/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CreditWindow } from './credit-window.ts'

const salt = randomBytes32()
const live = new AbortController().signal
const small = creditOfChunk(Buffer.from('a'))

const action = fc.oneof(
  fc.record({ kind: fc.constant('send' as const), tokens: fc.nat(3), bytes: fc.nat(5_000) }),
  fc.record({ kind: fc.constant('credit' as const), bytes: fc.nat(8_000), sentFrame: fc.nat() }),
)

/** The window is what a lost stream is billed from, so it must agree with a plain record of what happened. */
test('it never sends without credit, and what is acknowledged is exactly a frame that was sent', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20_000 }), fc.array(action, { maxLength: 80 }), (initial, actions) => {
      const window = new CreditWindow(salt, initial)
      const chain = outputChain(salt)
      const sent = [{ tokensOut: 0, head: chain.head() }]
      let credits = initial
      let acknowledged = 0
      for (const step of actions) {
        const last = sent.at(-1)?.tokensOut ?? 0
        if (step.kind === 'send') {
          const chunk = Buffer.alloc(step.bytes, `chunk ${sent.length}`)
          if (credits <= 0) {
            expect(() => window.record(last + step.tokens, chunk)).toThrow('without a credit')
            continue
          }
          chain.add(chunk)
          window.record(last + step.tokens, chunk)
          sent.push({ tokensOut: last + step.tokens, head: chain.head() })
          credits -= creditOfChunk(chunk)
        } else {
          const tokens = sent[step.sentFrame % sent.length]?.tokensOut ?? 0
          expect(window.grant(step.bytes, tokens)).toBe(true)
          credits += step.bytes
          acknowledged = Math.max(acknowledged, tokens)
        }
        expect(window.credits).toBe(credits)
        expect(window.sent).toEqual(sent.at(-1))
        expect(window.acknowledged).toEqual(sent.find(({ tokensOut }) => tokensOut === acknowledged))
      }
    }),
  )
})

test('acknowledging more than was sent is refused and changes nothing', () => {
  const window = new CreditWindow(salt, 1_000)
  window.record(2, Buffer.from('a'))
  expect(window.grant(9, 3)).toBe(false)
  expect([window.credits, window.acknowledged.tokensOut]).toEqual([1_000 - small, 0])
})

test('an acknowledgement inside a frame of several tokens counts up to the frame before', () => {
  const window = new CreditWindow(salt, 1_000)
  window.record(2, Buffer.from('a'))
  window.record(6, Buffer.from('b'))
  window.grant(0, 5)
  expect(window.acknowledged.tokensOut).toBe(2)
})

test('a chunk larger than what is left goes once, and is paid back before the next one', async () => {
  const window = new CreditWindow(salt, 1)
  const chunk = Buffer.alloc(10_000)
  window.record(1, chunk)
  window.grant(creditOfChunk(chunk) - 1, 0)
  expect(() => window.record(2, chunk)).toThrow('without a credit')
  const waiting = window.waitForCredit(live)
  window.grant(1, 1)
  await waiting
  window.record(2, chunk)
})

test('a waiting sender wakes on credit, and on abort', async () => {
  const window = new CreditWindow(salt, 0)
  const waiting = window.waitForCredit(live)
  window.grant(1, 0)
  await waiting
  window.record(1, Buffer.from('a'))
  const aborter = new AbortController()
  const aborted = window.waitForCredit(aborter.signal)
  aborter.abort(new Error('gone'))
  await expect(aborted).rejects.toThrow('gone')
})
