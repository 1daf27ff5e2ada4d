/**
 * What a node remembers of each gateway's lane: which deliveries it was sent, and which attempts it has signed for. The newest of each, so
 * that no lane makes the node forget another's.
 */
import { NewestKeys } from '@isochrone/domain'
import {
  decodeStruct,
  hexToBytes,
  keccak256,
  structHash,
  type DeliveryReceipt,
  type Hex,
  type WorkReceipt,
} from '@isochrone/protocol'

/** Deliveries of one lane that wait for their epoch; above this the oldest are taken as seen. */
const DELIVERED_MAX = 200_000
/** Attempts signed for each lane that are remembered exactly; an epoch is an hour. */
const WORKED_MAX = 200_000

/** What is remembered of a delivery receipt: whose number it has, and its struct hash. */
export type HashedDelivery = Pick<DeliveryReceipt, 'lane' | 'seq'> & { readonly hash: Hex }

export function hashedDelivery(json: unknown): HashedDelivery {
  const delivery = decodeStruct('DeliveryReceipt', json)
  return { lane: delivery.lane, seq: delivery.seq, hash: structHash('DeliveryReceipt', delivery) }
}

/** Hashes of delivery receipts by lane and number, in the order in which they came. */
export class Delivered {
  readonly #lanes = new Map<Hex, { hashes: Map<number, Hex>; newest: NewestKeys<number> }>()

  add({ lane, seq, hash }: HashedDelivery): void {
    const { hashes, newest } = orMade(this.#lanes, lane, () => ({
      hashes: new Map<number, Hex>(),
      newest: new NewestKeys<number>(DELIVERED_MAX),
    }))
    const over = newest.add(seq)
    if (over !== undefined) hashes.delete(over)
    hashes.set(seq, hash)
  }

  of(lane: Hex, fromSeq: number, toSeq: number): Map<number, Hex> {
    return new Map([...(this.#lanes.get(lane)?.hashes ?? [])].filter(([seq]) => seq >= fromSeq && seq <= toSeq))
  }

  forget(lane: Hex, fromSeq: number, toSeq: number): void {
    const hashes = this.#lanes.get(lane)?.hashes
    for (const seq of hashes?.keys() ?? []) if (seq >= fromSeq && seq <= toSeq) hashes?.delete(seq)
  }
}

export type AttemptName = Pick<WorkReceipt, 'channelId' | 'requestId' | 'attempt'>

/** Attempts that were signed for, for each lane, so that no lane makes the node forget another's. */
export class Worked {
  readonly #lanes = new Map<Hex, { names: Set<string>; newest: NewestKeys<string> }>()

  add(lane: Hex, attempt: AttemptName): void {
    const { names, newest } = orMade(this.#lanes, lane, () => ({
      names: new Set<string>(),
      newest: new NewestKeys<string>(WORKED_MAX),
    }))
    const name = nameOf(attempt)
    const over = newest.add(name)
    if (over !== undefined) names.delete(over)
    names.add(name)
  }

  has(attempt: AttemptName): boolean {
    const name = nameOf(attempt)
    return [...this.#lanes.values()].some(({ names }) => names.has(name))
  }
}

function orMade<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}

/** 18 bytes of a hash each: short, and nobody finds two attempts of one name. Encoded at once, for a slice would keep the whole. */
const nameOf = ({ channelId, requestId, attempt }: AttemptName): string =>
  Buffer.from(keccak256(hexToBytes(channelId), hexToBytes(requestId), new Uint8Array([attempt]))).toString(
    'base64',
    0,
    18,
  )
