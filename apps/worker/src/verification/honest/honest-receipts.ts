/**
 * Receipts of honest nodes, signed by both sides and taken in as the gateways' journals are. One in a thousand is recounted lower, which is
 * the rate that the check grants to honest engines; the recount itself is the gateway's business and is not made here.
 */
import { isDataError } from '@isochrone/db'
import { addressOfKey, addressToBytes32, bytes32Of, type Hex } from '@isochrone/protocol'
import { prng, systemClock } from '@isochrone/domain'
import { ingestReceiptEntries } from '@isochrone/services'
import { testLane } from '@isochrone/services/testing'
import type { startTestFleet } from '../testing/test-fleet.ts'

const HONEST_RATE = 0.001
const CHANNEL = bytes32Of('channel of the honest')

export function honestReceipts({ store }: Pick<Awaited<ReturnType<typeof startTestFleet>>, 'store'>, seed: number) {
  const lane = testLane()
  const random = prng(seed)
  let made = 0

  /** The next `count` receipts of a node; resolves with how many of them were recounted. */
  return async (node: { nodeKey: Hex; providerId: Hex }, count: number): Promise<number> => {
    const first = made + 1
    made += count
    const seqs = Array.from({ length: count }, (_, index) => first + index)
    const request = (seq: number) => `req_${String(seq).padStart(32, '0')}`
    // The lane numbers what it signs from 1, one after another.
    const served = seqs.map((seq) =>
      lane.finish({ ...node, requestId: request(seq), orgId: 'org_payer', channelId: CHANNEL, priceMicroUsd: 10n }),
    )
    const recounted = seqs
      .filter(() => random.unit() < HONEST_RATE)
      .map((seq) => recountOf(node, { lane: lane.lane, seq, requestId: request(seq) }))
    for (const entries of [served, recounted]) {
      const batch = entries.map((entry, index) => ({ id: `${index}-0`, json: JSON.stringify(entry) }))
      const { rejected } = await ingestReceiptEntries({ store, clock: systemClock, isDataError }, batch)
      if (rejected.length > 0) throw new Error(`receipts were refused: ${JSON.stringify(rejected[0])}`)
    }
    return recounted.length
  }
}

function recountOf(
  { nodeKey, providerId }: { nodeKey: Hex; providerId: Hex },
  receipt: { lane: string; seq: number; requestId: string },
) {
  return {
    type: 'metering-recounted',
    ...receipt,
    attempt: 0,
    orgId: 'org_payer',
    channelId: CHANNEL,
    providerId,
    nodeId: addressToBytes32(addressOfKey(nodeKey)),
    model: 'isochrone-demo-tiny',
    billed: { tokensIn: 10, tokensCached: 0, tokensOut: 5 },
    recounted: { tokensIn: 10, tokensCached: 0, tokensOut: 3 },
    countedIn: 10,
    countedOut: 3,
    priceMicroUsd: '10',
    refundMicroUsd: '3',
    countedAtMs: Date.now(),
  }
}
