/**
 * One replica's inference engine, as a fluid between events: continuous batching with chunked prefill.
 *
 * All decoding streams advance together, one token a step of `speed·(a + b·c + g·Σctx)`. While a prompt waits, every step
 * also carries a chunk of prefill (Sarathi-Serve, OSDI 2024) and lasts that much longer; with nothing to decode, prefill
 * runs alone. Prompts are prefilled in order of arrival. A stream's context counts as tokensIn + tokensOut/2 throughout:
 * its mean, so that its cost is right over its life. The first token comes one step after the prompt's prefill.
 * Rates change only at events, so a virtual token clock and a heap by finish position cost O(log n) an event.
 */
import type { EngineEstimate } from '@isochrone/scheduler'
import { FinishHeap } from './finish-heap.ts'
import { PrefixCache } from './prefix-cache.ts'
import { SlotList } from './slot-list.ts'
import { beginning, decoding, free, prefilling, StreamTable, waiting } from './stream-table.ts'

export interface EngineOptions {
  /** `baseMs` is not used: it stands for the step after the prefill, which is simulated. */
  curve: EngineEstimate
  /** Engine time ÷ time of the curve. */
  speed: number
  /** Streams that run (prefill or decode) at once; `queueMax` more may wait; the next one is refused. */
  concurrencyMax: number
  queueMax: number
  /** Room for the context of running streams, reserved whole (tokens in and out), and for cached prefix blocks. */
  kvTokens: number
  prefillChunkTokens: number
  prefixBlockTokens: number
  gateways: number
}

/** What the engine tells its node, at the moment it happens. `tag` is the caller's name of the stream. */
export interface EngineEvents {
  firstToken(tag: number, nowMs: number): void
  /** Mean streams and mean context (tokens) that the stream decoded among, itself included. */
  finished(tag: number, nowMs: number, concurrency: number, contextTokens: number): void
  /** The stream was to end in an error, and does so at the end of its prefill. */
  failed(tag: number, nowMs: number): void
  prefillStarted(tag: number, tokensCached: number): void
}

export interface StreamStart {
  tag: number
  gateway: number
  tokensIn: number
  tokensOut: number
  prefixHashes: readonly number[]
  fails: boolean
}

/** Tokens: far below one, far above the rounding of a day of simulated steps. */
const tolerance = 1e-5

export class ReplicaEngine {
  /** When something will happen next if nothing arrives; Infinity when idle. */
  nextMs = Infinity
  /** Tokens prefilled by streams that finished their prefill, and tokens that the cache spared them. */
  prefilledTokens = 0
  cachedTokens = 0
  /** Decode steps since the start: each gives every stream that decodes one token. */
  steps = 0

  private readonly options: EngineOptions
  private readonly events: EngineEvents
  private readonly cache: PrefixCache
  private speed: number
  private atMs = 0
  private positionTokens = 0
  private tokensPerMs = 0
  private prefillPerMs = 0
  private headLeftTokens = 0
  private decodingCount = 0
  private contextSum = 0
  private kvUsed = 0
  /** ∫ streams and ∫ Σcontext over the token clock: their means over any stream's life in O(1). */
  private streamIntegral = 0
  private contextIntegral = 0
  private behindHeadTokens = 0

  private readonly waitingList: SlotList
  private readonly prefillList: SlotList
  private readonly firstList: SlotList
  private readonly finishHeap: FinishHeap
  private readonly streams: StreamTable
  private readonly ownCount: Int32Array

  constructor(options: EngineOptions, events: EngineEvents) {
    this.options = options
    this.events = events
    this.speed = options.speed
    this.cache = new PrefixCache(Math.floor(options.kvTokens / Math.max(1, options.prefixBlockTokens)))
    const capacity = options.concurrencyMax + options.queueMax
    this.waitingList = new SlotList(capacity)
    this.prefillList = new SlotList(capacity)
    this.firstList = new SlotList(capacity)
    this.finishHeap = new FinishHeap(capacity)
    this.streams = new StreamTable(capacity)
    this.ownCount = new Int32Array(options.gateways)
  }

  get runningStreams(): number {
    return this.prefillList.length + this.decodingCount
  }

  get waitingStreams(): number {
    return this.waitingList.length
  }

  get kvTokensUsed(): number {
    return this.kvUsed
  }

  /** Prompt tokens not yet prefilled, as the cache stands when each was accepted. */
  get prefillTokens(): number {
    return this.behindHeadTokens + (this.prefillList.head >= 0 ? this.headLeftTokens : 0)
  }

  get meanContextTokens(): number {
    return this.decodingCount > 0 ? this.contextSum / this.decodingCount : 0
  }

  /** Prompt tokens of a stream that the cache did not spare. */
  uncachedTokens(slot: number): number {
    return (this.streams.tokensIn[slot] as number) - (this.streams.cached[slot] as number)
  }

  ownStreams(gateway: number): number {
    return this.ownCount[gateway] as number
  }

  /** Accepts a stream and returns its slot, or −1: refused (429), as its queue or its memory is full. */
  start(stream: StreamStart, nowMs: number): number {
    this.advance(nowMs)
    const need = stream.tokensIn + stream.tokensOut
    if (need > this.options.kvTokens || this.streams.freeCount === 0) return -1
    const runs = this.waitingList.head < 0 && this.fits(need)
    if (!runs && this.waitingList.length >= this.options.queueMax) return -1
    const slot = this.streams.take()
    this.streams.tag[slot] = stream.tag
    this.streams.gateway[slot] = stream.gateway
    this.streams.tokensIn[slot] = stream.tokensIn
    this.streams.tokensOut[slot] = stream.tokensOut
    this.streams.fails[slot] = stream.fails ? 1 : 0
    this.streams.hashes[slot] = stream.prefixHashes
    this.streams.cached[slot] = this.cachedPrefix(slot)
    this.ownCount[stream.gateway]!++
    this.addBehindHead(slot, 1)
    if (runs) this.admit(slot)
    else {
      this.streams.state[slot] = waiting
      this.waitingList.push(slot)
    }
    this.refresh()
    return slot
  }

  /** Everything due at `nowMs`; call it at `nextMs`. */
  run(nowMs: number): void {
    this.advance(nowMs)
    for (;;) {
      const first = this.firstList.head
      if (this.prefillList.head >= 0 && this.headLeftTokens <= tolerance) this.endPrefill(nowMs)
      else if (first >= 0 && (this.streams.startAt[first] as number) + 1 <= this.positionTokens + tolerance) {
        this.firstList.remove(first)
        this.streams.state[first] = decoding
        this.events.firstToken(this.streams.tag[first] as number, nowMs)
      } else if (this.finishHeap.size > 0 && this.finishHeap.topKey() <= this.positionTokens + tolerance) {
        this.finish(nowMs)
      } else break
    }
    this.refresh()
  }

  /** Removes a stream wherever it is; nothing when the slot no longer holds `tag`. */
  cancel(slot: number, tag: number, nowMs: number): void {
    if (this.streams.state[slot] === free || this.streams.tag[slot] !== tag) return
    this.advance(nowMs)
    if (this.streams.state[slot] === waiting) {
      this.waitingList.remove(slot)
      this.addBehindHead(slot, -1)
    } else if (this.streams.state[slot] === prefilling) this.leavePrefill(slot)
    else this.leaveDecode(slot)
    this.release(slot)
    this.refresh()
  }

  /** Tokens that a stream has produced so far; 0 when the slot no longer holds `tag`. */
  produced(slot: number, tag: number, nowMs: number): number {
    if ((this.streams.state[slot] as number) < beginning || this.streams.tag[slot] !== tag) return 0
    this.advance(nowMs)
    const tokens = Math.floor(this.positionTokens - (this.streams.startAt[slot] as number) + tolerance)
    return Math.min(tokens, this.streams.tokensOut[slot] as number)
  }

  setSpeed(speed: number, nowMs: number): void {
    this.advance(nowMs)
    this.speed = speed
    this.refresh()
  }

  /** The process dies: all streams and the cache are gone. `lost` hears of each stream and the tokens it had produced. */
  crash(nowMs: number, lost: (tag: number, produced: number) => void): void {
    this.advance(nowMs)
    for (let slot = 0; slot < this.streams.capacity; slot++) {
      if (this.streams.state[slot] === free) continue
      const tag = this.streams.tag[slot] as number
      lost(tag, this.produced(slot, tag, nowMs))
    }
    for (const list of [this.waitingList, this.prefillList, this.firstList, this.finishHeap]) list.clear()
    this.streams.clear()
    this.cache.clear()
    this.ownCount.fill(0)
    this.decodingCount = this.contextSum = this.kvUsed = this.behindHeadTokens = this.headLeftTokens = 0
    this.refresh()
  }

  private fits(need: number): boolean {
    return this.runningStreams < this.options.concurrencyMax && this.kvUsed + need <= this.options.kvTokens
  }

  private cachedPrefix(slot: number): number {
    const hashes = this.streams.hashes[slot] as readonly number[]
    if (hashes.length === 0) return 0
    // The last token is always computed: its logits are the answer's first token.
    return Math.min(
      this.cache.match(hashes) * this.options.prefixBlockTokens,
      (this.streams.tokensIn[slot] as number) - 1,
    )
  }

  private addBehindHead(slot: number, sign: 1 | -1): void {
    const tokens = sign * ((this.streams.tokensIn[slot] as number) - (this.streams.cached[slot] as number))
    this.behindHeadTokens += tokens
  }

  private admit(slot: number): void {
    this.streams.state[slot] = prefilling
    this.kvUsed += (this.streams.tokensIn[slot] as number) + (this.streams.tokensOut[slot] as number)
    this.prefillList.push(slot)
    if (this.prefillList.head === slot) this.startPrefill(slot)
  }

  private startPrefill(slot: number): void {
    this.addBehindHead(slot, -1)
    const cached = this.cachedPrefix(slot)
    this.streams.cached[slot] = cached
    this.headLeftTokens = (this.streams.tokensIn[slot] as number) - cached
    this.events.prefillStarted(this.streams.tag[slot] as number, cached)
  }

  private leavePrefill(slot: number): void {
    const wasHead = this.prefillList.head === slot
    if (!wasHead) this.addBehindHead(slot, -1)
    this.prefillList.remove(slot)
    if (wasHead && this.prefillList.head >= 0) this.startPrefill(this.prefillList.head)
  }

  private endPrefill(nowMs: number): void {
    const slot = this.prefillList.head
    const cached = this.streams.cached[slot] as number
    this.prefilledTokens += (this.streams.tokensIn[slot] as number) - cached
    this.cachedTokens += cached
    const hashes = this.streams.hashes[slot] as readonly number[]
    if (hashes.length > 0) this.cache.insert(hashes)
    this.leavePrefill(slot)
    if (this.streams.fails[slot] === 1) {
      this.release(slot)
      this.events.failed(this.streams.tag[slot] as number, nowMs)
      return
    }
    this.streams.state[slot] = beginning
    this.decodingCount++
    this.contextSum += this.contextOf(slot)
    this.streams.startAt[slot] = this.positionTokens
    this.streams.startStreams[slot] = this.streamIntegral
    this.streams.startContext[slot] = this.contextIntegral
    this.firstList.push(slot)
    this.finishHeap.push(slot, this.positionTokens + (this.streams.tokensOut[slot] as number))
  }

  private finish(nowMs: number): void {
    const slot = this.finishHeap.top()
    const streams = this.streamIntegral - (this.streams.startStreams[slot] as number)
    const context = this.contextIntegral - (this.streams.startContext[slot] as number)
    const concurrency = streams / (this.streams.tokensOut[slot] as number)
    this.leaveDecode(slot)
    this.release(slot)
    this.events.finished(this.streams.tag[slot] as number, nowMs, concurrency, streams > 0 ? context / streams : 0)
  }

  private leaveDecode(slot: number): void {
    if (this.streams.state[slot] === beginning) this.firstList.remove(slot)
    this.finishHeap.remove(slot)
    this.decodingCount--
    this.contextSum -= this.contextOf(slot)
  }

  private contextOf(slot: number): number {
    return (this.streams.tokensIn[slot] as number) + (this.streams.tokensOut[slot] as number) / 2
  }

  private release(slot: number): void {
    if (this.streams.state[slot] !== waiting) {
      this.kvUsed -= (this.streams.tokensIn[slot] as number) + (this.streams.tokensOut[slot] as number)
    }
    this.streams.give(slot)
    this.ownCount[this.streams.gateway[slot] as number]!--
    for (let next = this.waitingList.head; next >= 0; next = this.waitingList.head) {
      if (!this.fits((this.streams.tokensIn[next] as number) + (this.streams.tokensOut[next] as number))) break
      this.waitingList.remove(next)
      this.admit(next)
    }
  }

  /** Brings the clocks to `nowMs`, which is not after `nextMs`; changes nothing else. */
  advance(nowMs: number): void {
    const elapsedMs = nowMs - this.atMs
    if (elapsedMs <= 0) return
    this.atMs = nowMs
    if (this.decodingCount > 0) {
      const tokens = elapsedMs * this.tokensPerMs
      this.positionTokens += tokens
      this.steps += tokens
      this.streamIntegral += tokens * this.decodingCount
      this.contextIntegral += tokens * this.contextSum
    }
    if (this.prefillList.head >= 0) this.headLeftTokens -= elapsedMs * this.prefillPerMs
  }

  private refresh(): void {
    const { curve, prefillChunkTokens } = this.options
    const prefills = this.prefillList.head >= 0
    let next = Infinity
    if (this.decodingCount === 0) {
      // The clock has no reader now; starting it again keeps its rounding far below the tolerance.
      this.positionTokens = this.streamIntegral = this.contextIntegral = 0
      this.prefillPerMs = 1 / (this.speed * curve.prefillMsPerToken)
    } else {
      const chunkMs = prefills ? prefillChunkTokens * curve.prefillMsPerToken : 0
      const decodeMs =
        curve.tpotBaseMs + curve.tpotPerStreamMs * this.decodingCount + curve.tpotPerStreamTokenMs * this.contextSum
      const stepMs = this.speed * (decodeMs + chunkMs)
      this.tokensPerMs = 1 / stepMs
      this.prefillPerMs = prefillChunkTokens / stepMs
      const first = this.firstList.head
      let position = this.finishHeap.topKey()
      if (first >= 0) position = Math.min(position, (this.streams.startAt[first] as number) + 1)
      next = (position - this.positionTokens) * stepMs
    }
    if (prefills) next = Math.min(next, this.headLeftTokens / this.prefillPerMs)
    this.nextMs = next === Infinity ? Infinity : this.atMs + Math.max(0, next)
  }
}
