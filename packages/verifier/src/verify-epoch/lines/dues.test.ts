/** Who is owed what: each micro-dollar of a receipt goes to one channel, one provider, and nobody else. */
import { addressToBytes32, bytes32Of, type Hex } from '@isochrone/protocol'
import { expect, test } from 'vitest'
import { testTerms } from '../../testing/receipts.ts'
import { Dues } from './dues.ts'

const [channelA, channelB] = [bytes32Of('channel a'), bytes32Of('channel b')]
const [one, two] = [bytes32Of('provider one'), bytes32Of('provider two')]
/** Named by addresses, as nodes are: small numbers beside a provider's. */
const [nodeId, other] = [addressToBytes32(`0x${'0d'.repeat(20)}`), addressToBytes32(`0x${'0e'.repeat(20)}`)]
const termsOf = (providerId: Hex) => ({ ...testTerms, providerId })
const receipt = (channelId: Hex, price: bigint, node: Hex = nodeId) => ({ nodeId: node, channelId, price })

test('receipts add up by channel and provider, what a provider earned over all channels', () => {
  const dues = new Dues()
  expect(dues.earnedBy(one)).toBe(0n)
  dues.add(3, receipt(channelA, 5n), termsOf(one))
  dues.add(4, receipt(channelA, 7n), termsOf(one))
  dues.add(5, receipt(channelB, 11n), termsOf(one))
  dues.add(6, receipt(channelA, 13n), termsOf(two))
  expect([...dues.byPair]).toEqual([
    [channelA + one, { channelId: channelA, providerId: one, sum: 12n }],
    [channelB + one, { channelId: channelB, providerId: one, sum: 11n }],
    [channelA + two, { channelId: channelA, providerId: two, sum: 13n }],
  ])
  expect([one, two, bytes32Of('nobody')].map((each) => dues.earnedBy(each))).toEqual([23n, 13n, 0n])
})

test('a refund takes off what one channel owes one provider, and nothing of what was earned', () => {
  const dues = new Dues()
  dues.add(3, receipt(channelA, 12n), termsOf(one))
  dues.add(4, receipt(channelB, 12n), termsOf(one))
  dues.add(5, receipt(channelA, 12n), termsOf(two))
  dues.refund(channelA, termsOf(one), 4n)
  expect([...dues.byPair.values()].map(({ sum }) => sum)).toEqual([8n, 12n, 12n])
  expect(dues.earnedBy(one)).toBe(24n)
  // Of a pair that owes nothing there is nothing to take.
  dues.refund(channelB, termsOf(two), 4n)
  expect(dues.byPair.size).toBe(3)
})

test('a node is named once for each provider that its terms name, with the first line that says so', () => {
  const dues = new Dues()
  dues.add(3, receipt(channelA, 1n), termsOf(one))
  dues.add(4, receipt(channelB, 1n), termsOf(one))
  dues.add(5, receipt(channelA, 1n), termsOf(two))
  dues.add(6, receipt(channelA, 1n, other), termsOf(one))
  expect([...dues.nodes.values()]).toEqual([
    { nodeId, providerId: one, line: 3 },
    { nodeId, providerId: two, line: 5 },
    { nodeId: other, providerId: one, line: 6 },
  ])
})
