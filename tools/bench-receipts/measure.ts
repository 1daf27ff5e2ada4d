/**
 * Times signing and verifying receipt pairs on one core, hashing included, and a Merkle tree.
 *
 * A pair is a work receipt signed by its node and the delivery receipt that answers it, signed by the lane. Pairs over time
 * counts, over all rounds but the first, which warms up; the best round stands beside it, since what disturbs a machine
 * only ever adds time. Implementations that are compared take turns, round by round: a neighbour disturbs them alike.
 */
import {
  addressOfKey,
  bytesToHex,
  LeafBuffer,
  leafBytesOfHash,
  merkleTree,
  recoverHashSigner,
  recoverStructSigner,
  signStruct,
  signStructHashed,
  structHashBytes,
  type ReceiptPair,
  type Secp256k1Backend,
} from '@isochrone/protocol'
import { domain, laneKey, nodeKey, type UnsignedPair } from './sample-pairs.ts'

export interface PairSpeeds {
  /** By the clock, over all rounds. */
  signPairsPerSecond: number
  verifyPairsPerSecond: number
  /** The fastest round by the clock: what the machine can do undisturbed. No target is held against it. */
  signPairsPerSecondBestRound: number
  verifyPairsPerSecondBestRound: number
  /** By this thread's CPU time over all rounds: what stays true on a busy machine. */
  signPairsPerCpuSecond: number
  verifyPairsPerCpuSecond: number
}

/** A round is about two milliseconds: shorter than a turn of the scheduler, so that some are not disturbed. */
const PAIRS_PER_ROUND = 20

/** One measured implementation: what it did in each round, in the order of the rounds. */
export interface Measured {
  speeds: PairSpeeds
  /** Milliseconds that signing took, a round each, but the first. */
  signRoundsMs: readonly number[]
}

/** In the order in which they are given, a round each in turn. */
export function measurePairs(backends: readonly Secp256k1Backend[], pairs: readonly UnsignedPair[]): Measured[] {
  const watches = backends.map((backend) => ({ backend, sign: stopwatch(), verify: stopwatch() }))
  for (let from = 0; from < pairs.length; from += PAIRS_PER_ROUND) {
    const round = pairs.slice(from, from + PAIRS_PER_ROUND)
    for (const { backend, sign, verify } of watches) {
      const signed = sign.time(round.length, () => round.map((pair) => signPair(pair, backend)))
      verify.time(round.length, () => verifyAll(signed, backend))
    }
  }
  return watches.map(({ sign, verify }) => ({
    speeds: {
      signPairsPerSecond: sign.perSecond(),
      verifyPairsPerSecond: verify.perSecond(),
      signPairsPerSecondBestRound: sign.best(),
      verifyPairsPerSecondBestRound: verify.best(),
      signPairsPerCpuSecond: sign.perCpuSecond(),
      verifyPairsPerCpuSecond: verify.perCpuSecond(),
    },
    signRoundsMs: sign.roundsMs,
  }))
}

/** How many times as long as the first the second takes to sign: the median over rounds that followed one another. */
export function medianRatio(first: Measured, second: Measured): number {
  const ratios = first.signRoundsMs.map((ms, round) => (second.signRoundsMs[round] as number) / ms)
  return Number((ratios.toSorted((a, b) => a - b)[ratios.length >> 1] as number).toFixed(3))
}

/** All rounds but the first, which warms up: by the clock, by CPU time, and the fastest alone. */
function stopwatch() {
  let bestPerSecond = 0
  let rounds = 0
  let items = 0
  let clockMs = 0
  let cpuMicros = 0
  const roundsMs: number[] = []
  return {
    roundsMs,
    time<T>(count: number, work: () => T): T {
      const cpuStart = process.threadCpuUsage()
      const start = performance.now()
      const result = work()
      const elapsedMs = performance.now() - start
      const { user, system } = process.threadCpuUsage(cpuStart)
      if (rounds++ > 0) {
        items += count
        clockMs += elapsedMs
        roundsMs.push(elapsedMs)
        cpuMicros += user + system
        bestPerSecond = Math.max(bestPerSecond, (count / elapsedMs) * 1_000)
      }
      return result
    },
    perSecond: () => Math.round((items / clockMs) * 1_000),
    best: () => Math.round(bestPerSecond),
    perCpuSecond: () => Math.round((items / cpuMicros) * 1_000_000),
  }
}

function signPair({ work, delivery }: UnsignedPair, backend: Secp256k1Backend): ReceiptPair {
  const { signed, hash } = signStructHashed(domain, 'WorkReceipt', work, nodeKey, backend)
  const answer = { ...delivery, workHash: hash }
  return { work: signed, delivery: signStruct(domain, 'DeliveryReceipt', answer, laneKey, backend) }
}

/** Throws when a signature is not its signer's, so that speed is never bought with a check left out. */
function verifyAll(pairs: readonly ReceiptPair[], backend: Secp256k1Backend): void {
  const node = addressOfKey(nodeKey)
  const lane = addressOfKey(laneKey)
  for (const { work, delivery } of pairs) {
    if (!work) throw new Error('A pair has both receipts')
    const hash = structHashBytes('WorkReceipt', work.value)
    const isWhole =
      bytesToHex(hash) === delivery.value.workHash &&
      recoverHashSigner(domain, hash, work.signature, backend) === node &&
      recoverStructSigner(domain, 'DeliveryReceipt', delivery, backend) === lane
    if (!isWhole) throw new Error('A pair that was signed a moment ago does not verify')
  }
}

/** Milliseconds for the tree over this many leaves, from leaves at hand to root and one proof; best of three. */
export function measureMerkle(pairs: readonly UnsignedPair[], leaves: number): number {
  const buffer = new LeafBuffer()
  for (let i = 0; buffer.size < leaves; i++) {
    const { delivery } = pairs[i % pairs.length] as UnsignedPair
    buffer.add(leafBytesOfHash('DeliveryReceipt', structHashBytes('DeliveryReceipt', { ...delivery, seq: i + 1 })))
  }
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < 3; round++) {
    best = Math.min(
      best,
      timed(() => void merkleTree(buffer).proofOf(leaves >> 1)),
    )
  }
  return Math.round(best)
}

function timed(work: () => void): number {
  const start = performance.now()
  work()
  return performance.now() - start
}
