/** A delivery belongs to its work: the same request in every field, and no more billed than was done. */
import { expect, test } from 'vitest'
import { brokenLinks } from './receipt-links.ts'

const common = { channelId: '0xc1', requestId: '0x12', attempt: 1, nodeId: '0x0d', termsHash: '0x7e' }
const delivery = { ...common, billedIn: 20, billedCached: 4, billedOut: 10 }
const work = { ...common, tokensIn: 20, tokensCached: 4, tokensOut: 10 }

test('what belongs together has no broken link, nor has what bills less, as it was signed or as it travels', () => {
  expect(brokenLinks(delivery, work)).toEqual([])
  expect(brokenLinks({ ...delivery, billedIn: 0, billedCached: 3, billedOut: 9 }, work)).toEqual([])
  const texts = { ...delivery, billedIn: '9', billedCached: '4', billedOut: '10' }
  expect(brokenLinks(texts, { ...work, tokensIn: '20', tokensCached: '4', tokensOut: '10' })).toEqual([])
})

test('each field that both must have in common is named with both values', () => {
  for (const field of ['channelId', 'requestId', 'attempt', 'nodeId', 'termsHash'] as const) {
    const worked = common[field]
    expect(brokenLinks({ ...delivery, [field]: 'other' }, work)).toEqual([
      { field, kind: 'field', delivered: 'other', worked },
    ])
    const { [field]: _absent, ...without } = work
    expect(brokenLinks(delivery, without)).toEqual([{ field, kind: 'field', delivered: worked, worked: 'nothing' }])
    const { [field]: _missing, ...lacking } = delivery
    expect(brokenLinks(lacking, work)).toEqual([{ field, kind: 'field', delivered: 'nothing', worked }])
  }
})

test('each count that bills more than the work says is named, and one that is no number bills too much', () => {
  for (const [field, counted] of [
    ['billedIn', 'tokensIn'],
    ['billedCached', 'tokensCached'],
    ['billedOut', 'tokensOut'],
  ] as const) {
    const worked = work[counted]
    const bill = (delivered: string | number) => [{ field, kind: 'bill', delivered, worked }]
    expect(brokenLinks({ ...delivery, [field]: worked + 1 }, work)).toEqual(bill(worked + 1))
    expect(brokenLinks({ ...delivery, [field]: 'many' }, work)).toEqual(bill('many'))
    const { [field]: _missing, ...lacking } = delivery
    expect(brokenLinks(lacking, work)).toEqual(bill('nothing'))
    const { [counted]: _absent, ...without } = work
    expect(brokenLinks(delivery, without)).toEqual([
      { field, kind: 'bill', delivered: delivery[field], worked: 'nothing' },
    ])
  }
})

test('all that is broken is named, fields first', () => {
  const found = brokenLinks({ ...delivery, attempt: 2, nodeId: 'other', billedOut: 11 }, work)
  expect(found.map(({ field }) => field)).toEqual(['attempt', 'nodeId', 'billedOut'])
})
