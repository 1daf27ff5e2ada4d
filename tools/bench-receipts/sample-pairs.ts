/** Receipts as a gateway writes them, different in every field that differs in life, from a seed. */
import { prng } from '@isochrone/domain'
import {
  addressOfKey,
  addressToBytes32,
  bytesToHex,
  keccak256,
  regionToBytes8,
  ZERO_BYTES32,
  type DeliveryReceipt,
  type Hex,
  type SigningDomain,
  type WorkReceipt,
} from '@isochrone/protocol'

export const nodeKey: Hex = `0x${'11'.repeat(32)}`
export const laneKey: Hex = `0x${'22'.repeat(32)}`
export const domain: SigningDomain = { chainId: 31_337, verifyingContract: `0x${'5f'.repeat(20)}` }

/** A pair without its link: `delivery.workHash` is set when the work receipt is hashed. */
export interface UnsignedPair {
  work: WorkReceipt
  delivery: DeliveryReceipt
}

export function samplePairs(count: number, seed: number): UnsignedPair[] {
  const random = prng(seed)
  const below = (limit: number): number => random.below(limit)
  const hash = (): Hex => bytesToHex(keccak256(Buffer.from(String(random.uint32()))))
  const nodeId = addressToBytes32(addressOfKey(nodeKey))
  const lane = addressToBytes32(addressOfKey(laneKey))
  const [termsHash, modelHash] = [hash(), hash()]
  const channels = Array.from({ length: 50 }, hash)
  const region = regionToBytes8('eu-de')
  return Array.from({ length: count }, (_, i) => {
    const named = { channelId: channels[below(50)] as Hex, requestId: hash(), attempt: 0, nodeId, termsHash }
    const [tokensIn, tokensCached, tokensOut] = [below(4_000), below(2_000), 1 + below(800)]
    const startedAtMs = 1_800_000_000_000 + i * 36 + below(36)
    const ttftMs = 20 + below(300)
    const durationMs = ttftMs + tokensOut * 9
    const work: WorkReceipt = {
      ...named,
      seq: i + 1,
      modelHash,
      requestHash: hash(),
      outputHash: hash(),
      integrityRoot: ZERO_BYTES32,
      tokensIn,
      tokensCached,
      tokensOut,
      engineTtftUs: ttftMs * 1_000 - below(900),
      engineDurationUs: durationMs * 1_000,
      finishedAtMs: startedAtMs + durationMs,
      status: 0,
    }
    const delivery: DeliveryReceipt = {
      ...named,
      workHash: ZERO_BYTES32,
      lane,
      seq: i + 1,
      billedIn: tokensIn,
      billedCached: tokensCached,
      billedOut: tokensOut,
      bytesIn: tokensIn * 4,
      bytesOut: tokensOut * 220,
      price: BigInt(tokensIn + tokensOut * 4),
      attemptTtftMs: ttftMs,
      durationMs,
      startedAtMs,
      httpStatus: 200,
      fault: 0,
      region,
    }
    return { work, delivery }
  })
}
