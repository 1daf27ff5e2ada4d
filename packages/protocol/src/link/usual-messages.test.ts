import fc from 'fast-check'
import { expect, test } from 'vitest'
import { receiptConfirm, streamOpen } from './messages.ts'
import { parseReceiptConfirm, parseStreamOpen } from './usual-messages.ts'

const hash = `0x${'ab'.repeat(32)}`
const open = {
  requestId: hash,
  attempt: 0,
  channelId: hash,
  termsHash: hash,
  model: 'demo',
  modelHash: hash,
  salt: hash,
  path: '/v1/chat/completions',
  timeoutMs: 1_000,
  tokensOutMax: 16,
}
const prompt = { tokens: 9_000, aheadMax: 20_000 }
const confirm = {
  workHash: hash,
  delivery: { requestId: hash, price: '12', seq: 4 },
  signature: `0x${'cd'.repeat(65)}`,
  reason: null,
}

const odd = fc.oneof(
  fc.constantFrom<unknown>(
    hash,
    hash.toUpperCase(),
    '',
    null,
    undefined,
    [],
    {},
    true,
    -1,
    0,
    1,
    255,
    256,
    1.5,
    2 ** 53,
  ),
  fc.string(),
  fc.double(),
  fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.double(), fc.constant(null))),
)
const more = ['traceparent', 'sealed', 'leaseId', 'continuation', 'toString', '__proto__', 'extra']

/** One or two of its fields are something else, missing or new. */
function changed(usual: object): fc.Arbitrary<unknown> {
  const change = fc.tuple(fc.constantFrom(...Object.keys(usual), ...more), odd, fc.boolean())
  return fc.array(change, { maxLength: 2 }).map((changes) => {
    const entries = new Map<string, unknown>(Object.entries(usual))
    for (const [name, value, gone] of changes) {
      if (gone) entries.delete(name)
      else entries.set(name, value)
    }
    return JSON.parse(JSON.stringify(Object.fromEntries(entries))) as unknown
  })
}

const outcome = (parse: () => unknown): unknown => {
  try {
    return { value: parse() }
  } catch (error) {
    return { error: (error as Error).message }
  }
}

test('the check by hand never says anything else than the schema', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        changed(open),
        changed(prompt).map((said) => ({ ...open, prompt: said })),
        odd,
      ),
      (json) => {
        expect(outcome(() => parseStreamOpen(json))).toEqual(outcome(() => streamOpen.parse(json)))
      },
    ),
    { numRuns: 2_000 },
  )
  fc.assert(
    fc.property(fc.oneof(changed(confirm), odd), (json) => {
      expect(outcome(() => parseReceiptConfirm(json))).toEqual(outcome(() => receiptConfirm.parse(json)))
    }),
    { numRuns: 2_000 },
  )
})

test('what is usual is taken as it stands, without the schema', () => {
  const traced = { ...open, traceparent: `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01` }
  const prompted = { ...open, prompt: { tokens: 9_000 } }
  const bound = { ...open, prompt: { tokens: 9_000, aheadMax: 0 } }
  for (const message of [open, traced, prompted, bound]) expect(parseStreamOpen(message)).toBe(message)
  expect(parseReceiptConfirm(confirm)).toBe(confirm)
  expect(parseStreamOpen({ ...open, extra: 1 })).toEqual(open)
  // A gateway of tomorrow may say more of a prompt.
  expect(parseStreamOpen({ ...open, prompt: { tokens: 1, more: 1 } })).toEqual({ ...open, prompt: { tokens: 1 } })
})
