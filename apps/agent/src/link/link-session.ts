/**
 * One connection to one gateway: handshake, heartbeats, streams, receipts. Knows frames; knows no socket.
 *
 * Whatever breaks the protocol closes this link and no other. When the link is lost, every stream on it is aborted and
 * signs for what was acknowledged; the receipts are presented on the next connection.
 */
import { SlotMap } from '@isochrone/domain'
import {
  addressToBytes32,
  bytes32ToAddress,
  bytesToHex,
  decodeCredit,
  decodeJsonPayload,
  decodeOpen,
  decodeStruct,
  encodeFrame,
  encodeJsonFrame,
  epochNotice,
  forEachFrame,
  frameType,
  isHashSignedBy,
  LINK_PROTOCOL_VERSION,
  leaseOrder,
  LOAD_ANSWER_MS_MIN,
  PING_ASKS_LOAD,
  linkChallenge,
  linkReject,
  linkWelcome,
  parseReceiptConfirm,
  parseStreamOpen,
  signStruct,
  structHashBytes,
  type EpochNotice,
  type Frame,
  type Hex,
  type LeaseOrder,
  type LeaseOrderAnswer,
  type LinkHeartbeat,
  type LinkHello,
  type ReceiptConfirm,
  type SigningDomain,
  type StreamEnd,
} from '@isochrone/protocol'
import type { HashedDelivery } from '../receipts/remembered.ts'
import { CreditWindow } from './credit-window.ts'
import type { LinkContext } from './link-context.ts'
import { runStream, StreamAbort, type StreamJob } from './run-stream.ts'

/** What the session asks of the socket under it. */
export type LinkTransport = {
  /** `withNext`: it may wait for the next frame and go with it. */
  send(frame: Buffer, withNext?: boolean): void
  close(reason: string): void
  /** URL of a path at the gateway that was dialled. */
  urlOf(path: string): string
}

/** Nobody waits for a confirmation: its check begins when a quick engine has answered what came with it. */
const CONFIRM_CHECK_MS = 5
const CONFIRMS_WAITING_MAX = 64

/** The gateway broke the protocol; the link is closed. */
export class LinkViolation extends Error {
  override readonly name = 'LinkViolation'
}

type OpenStream = { readonly credits: CreditWindow; readonly aborter: AbortController; readonly leased: boolean }
type Peer = { readonly domain: SigningDomain; readonly lane: Hex }
type State =
  | { readonly phase: 'challenge' }
  | { readonly phase: 'welcome'; readonly peer: Peer }
  | { readonly phase: 'ready'; readonly peer: Peer; readonly streamCreditBytes: number }

export class LinkSession {
  readonly #context: LinkContext
  readonly #transport: LinkTransport
  readonly #onReady: (gatewayRegion: string) => void
  readonly #streams = new SlotMap<number, OpenStream>()
  readonly #running = new Set<Promise<void>>()
  /** Confirmations whose signatures are still to be checked. */
  #confirms: ReceiptConfirm[] = []
  #state: State = { phase: 'challenge' }
  #heartbeat: NodeJS.Timeout | undefined
  #stopListening = () => {}
  /** Says how this node is, outside the rhythm; nothing before the link is ready. */
  #sayLoad = () => {}
  /** The same however lately it was said, unless that said of so many prompt tokens already that more wait. */
  #sayMore = (_aheadMax: number) => {}
  #closed = false

  constructor(context: LinkContext, transport: LinkTransport, onReady: (gatewayRegion: string) => void) {
    this.#context = context
    this.#transport = transport
    this.#onReady = onReady
  }

  /** Of the gateway, once it has said it. */
  get lane(): Hex | undefined {
    return this.#state.phase === 'challenge' ? undefined : this.#state.peer.lane
  }

  get ready(): boolean {
    return this.#state.phase === 'ready' && !this.#closed
  }

  /** Handles one frame. On a violation it says so to the gateway, closes the link and returns. */
  receive(message: Uint8Array): void {
    this.#orClose(() => forEachFrame(message, (frame) => this.#handle(frame)))
  }

  #orClose(handle: () => void): void {
    if (this.#closed) return
    try {
      handle()
    } catch (error) {
      const text = error instanceof Error ? error.message : 'protocol violation'
      this.#context.logger.warn({ err: error }, 'the gateway broke the link protocol')
      this.#send(encodeJsonFrame(frameType.reject, 0, { code: 'protocol_violation', message: text.slice(0, 300) }))
      this.#closed = true
      this.#transport.close('protocol violation')
    }
  }

  /** The connection is gone, or goes on shutdown. Resolves when every stream has signed for what it did. */
  async close(cause: 'link-lost' | 'shutdown'): Promise<void> {
    // What comes while the last streams end is checked behind them.
    if (cause === 'link-lost') {
      this.#checkConfirms()
      this.#closed = true
    }
    clearInterval(this.#heartbeat)
    this.#stopListening()
    for (const { aborter } of this.#streams.values()) aborter.abort(new StreamAbort(cause))
    await Promise.all(this.#running)
    this.#checkConfirms()
    this.#closed = true
  }

  /** Resolves when no stream runs on this link. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running)
  }

  #handle(frame: Frame): void {
    if (frame.type === frameType.ping) {
      this.#send(encodeFrame(frameType.pong, 0, frame.payload))
      if (frame.payload.length === 9 && frame.payload[8] === PING_ASKS_LOAD) this.#sayLoad()
      return
    }
    if (frame.type === frameType.pong) return
    if (frame.type === frameType.reject) {
      const { code, message } = linkReject.parse(decodeJsonPayload(frame))
      this.#context.logger.warn({ code, reason: message }, 'the gateway refused the link')
      return this.#transport.close('refused by the gateway')
    }
    const state = this.#state
    if (state.phase === 'challenge') return this.#answerChallenge(frame)
    if (state.phase === 'welcome') return this.#enter(frame, state.peer)
    switch (frame.type) {
      case frameType.open:
        return this.#open(frame, state.peer, state.streamCreditBytes)
      case frameType.credit: {
        const { bytes, tokensAcknowledged } = decodeCredit(frame)
        // Credits for a stream that just ended cross its END on the way and mean nothing.
        const granted = this.#streams.get(frame.streamId)?.credits.grant(bytes, tokensAcknowledged)
        if (granted === false) throw new LinkViolation('CREDIT acknowledges tokens that were never sent')
        return
      }
      case frameType.cancel:
        return this.#streams.get(frame.streamId)?.aborter.abort(new StreamAbort('cancelled'))
      case frameType.confirm:
        return this.#confirmSoon(parseReceiptConfirm(decodeJsonPayload(frame)))
      case frameType.epochNotice:
        // What was delivered before must be in the epoch's file.
        this.#takeConfirms(state.peer)
        return this.#answerNotice(epochNotice.parse(decodeJsonPayload(frame)), state.peer)
      case frameType.leaseOrder:
        return this.#carryOut(leaseOrder.parse(decodeJsonPayload(frame)), state.peer)
      default:
        throw new LinkViolation(`a frame of type 0x${frame.type.toString(16)} does not come from a gateway`)
    }
  }

  #answerChallenge(frame: Frame): void {
    if (frame.type !== frameType.challenge) throw new LinkViolation('the first frame is not a CHALLENGE')
    const challenge = linkChallenge.parse(decodeJsonPayload(frame))
    if (challenge.protocol !== LINK_PROTOCOL_VERSION) {
      throw new LinkViolation(
        `the gateway speaks link protocol ${challenge.protocol}, this agent ${LINK_PROTOCOL_VERSION}: update the older one`,
      )
    }
    const { nodeKey, capacity, inventory, models, sealing, simulatedNetwork } = this.#context
    const lane = challenge.lane as Hex
    const domain = { chainId: challenge.chainId, verifyingContract: challenge.verifyingContract as Hex }
    const proof = { nonce: challenge.nonce as Hex, lane, nodeKey: nodeKey.address }
    const hello: LinkHello = {
      protocol: LINK_PROTOCOL_VERSION,
      nodeKey: nodeKey.address,
      proof: signStruct(domain, 'LinkProof', proof, nodeKey.privateKey).signature,
      concurrencyMax: capacity.concurrencyMax,
      models: [...models],
      inventory,
      simulatedRttMs: simulatedNetwork?.rttMs ?? null,
      sealingKeys: sealing.published(domain, nodeKey),
    }
    this.#state = { phase: 'welcome', peer: { domain, lane } }
    this.#send(encodeJsonFrame(frameType.hello, 0, hello))
  }

  #enter(frame: Frame, peer: Peer): void {
    if (frame.type !== frameType.welcome) throw new LinkViolation('HELLO was not answered by WELCOME')
    const welcome = linkWelcome.parse(decodeJsonPayload(frame))
    if (welcome.nodeId !== addressToBytes32(this.#context.nodeKey.address)) {
      throw new LinkViolation('WELCOME names another node')
    }
    this.#state = { phase: 'ready', peer, streamCreditBytes: welcome.streamCreditBytes }
    const unconfirmed = this.#context.receipts.unconfirmedOf(peer.lane)
    for (const { signedWork } of unconfirmed) this.#send(encodeJsonFrame(frameType.represent, 0, signedWork))
    this.#startHeartbeat(Math.max(100, welcome.heartbeatIntervalMs), peer)
    this.#onReady(welcome.gatewayRegion)
  }

  #startHeartbeat(intervalMs: number, { domain }: Peer): void {
    const { capacity, engineLoad, engineHealth, sealing, nodeKey } = this.#context
    let newKeys = false
    let tokensBefore = capacity.tokensOutTotal
    let beforeMs = performance.now()
    let tokensPerSecond = 0
    let saidMs = -Infinity
    let saidTokens = 0
    const say = () => {
      const { queued, prefillTokens, contextTokens } = engineLoad()
      saidTokens = capacity.prompts.tokens(prefillTokens)
      const pace = capacity.pace.now(performance.now())
      const message: LinkHeartbeat = {
        sentAtMs: Date.now(),
        ...capacity.counts(queued),
        ownStreams: [...this.#streams.values()].filter(({ leased }) => !leased).length,
        tokensPerSecond,
        kvUsage: null,
        draining: capacity.draining || engineHealth?.up === false,
        prefillTokens: saidTokens,
        ownPrefillTokens: capacity.prompts.tokensOf(this),
        ...(contextTokens !== undefined && { contextTokens }),
        ...(pace !== null && { pace }),
        ...(newKeys && { sealingKeys: sealing.published(domain, nodeKey) }),
      }
      newKeys = false
      saidMs = performance.now()
      this.#send(encodeJsonFrame(frameType.heartbeat, 0, message))
    }
    const beat = () => {
      const nowMs = performance.now()
      const elapsedS = (nowMs - beforeMs) / 1000
      tokensPerSecond = elapsedS > 0.05 ? (capacity.tokensOutTotal - tokensBefore) / elapsedS : 0
      tokensBefore = capacity.tokensOutTotal
      beforeMs = nowMs
      say()
      const stamp = Buffer.alloc(8)
      stamp.writeDoubleBE(nowMs)
      this.#send(encodeFrame(frameType.ping, 0, stamp))
    }
    beat()
    this.#sayMore = (aheadMax) => {
      if (saidTokens <= aheadMax || performance.now() - saidMs >= LOAD_ANSWER_MS_MIN) say()
    }
    this.#sayLoad = () => {
      if (performance.now() - saidMs >= LOAD_ANSWER_MS_MIN) say()
    }
    let soon: NodeJS.Timeout | undefined
    // What comes right after the last one goes with those behind it: of a burst of prompts the whole is news.
    const saySoon = () => {
      const waitMs = LOAD_ANSWER_MS_MIN - (performance.now() - saidMs)
      if (waitMs <= 0) say()
      else
        soon ??= setTimeout(() => {
          soon = undefined
          say()
        }, waitMs)
    }
    this.#heartbeat = setInterval(beat, intervalMs)
    // Said at once, because each request placed here meanwhile is one attempt lost.
    // So that no gateway sends a prompt behind one that it has not heard of.
    const stopNews = capacity.prompts.onNews(saySoon)
    const stopHealth = engineHealth?.onChange(beat)
    const stopKeys = sealing.onChange(() => {
      newKeys = true
      beat()
    })
    this.#stopListening = () => {
      stopNews()
      clearTimeout(soon)
      stopHealth?.()
      stopKeys()
    }
  }

  #open(frame: Frame, peer: Peer, streamCreditBytes: number): void {
    const { streamId } = frame
    if (streamId === 0 || this.#streams.has(streamId)) throw new LinkViolation(`OPEN of stream ${streamId}`)
    const { header, body } = decodeOpen(frame)
    const open = parseStreamOpen(header)
    const aborter = new AbortController()
    const credits = new CreditWindow(open.salt as Hex, streamCreditBytes)
    const timeout = setTimeout(() => aborter.abort(new StreamAbort('timeout')), open.timeoutMs)
    this.#streams.set(streamId, { credits, aborter, leased: open.leaseId !== undefined })
    const job = {
      streamId,
      open,
      // A copy: the frame's memory belongs to the socket.
      body: new Uint8Array(body),
      credits,
      signal: aborter.signal,
      ...peer,
      send: (data: Buffer, withEnd?: boolean) => this.#send(data, withEnd),
      sayMore: (aheadMax: number) => this.#sayMore(aheadMax),
      link: this,
    }
    const running = this.#runToEnd(job).finally(() => {
      clearTimeout(timeout)
      this.#running.delete(running)
    })
    this.#running.add(running)
  }

  async #runToEnd(job: StreamJob): Promise<void> {
    const { streamId, open } = job
    let end: StreamEnd
    try {
      end = await runStream(this.#context, job)
    } catch (error) {
      this.#context.logger.error({ err: error, requestId: open.requestId }, 'a stream could not be signed for')
      end = { status: 'engine_failed', message: 'the node could not sign its receipt', engineStatus: null, work: null }
    }
    this.#streams.delete(streamId)
    this.#send(encodeJsonFrame(frameType.end, streamId, end))
  }

  /** A confirmation comes with the next OPEN, and its signature costs as much as all that this needs before its engine. */
  #confirmSoon(confirm: ReceiptConfirm): void {
    const waiting = this.#confirms.push(confirm)
    if (waiting >= CONFIRMS_WAITING_MAX) this.#checkConfirms()
    else if (waiting === 1) setTimeout(() => this.#checkConfirms(), CONFIRM_CHECK_MS)
  }

  #checkConfirms(): void {
    const state = this.#state
    if (state.phase === 'ready') this.#orClose(() => this.#takeConfirms(state.peer))
  }

  /** Throws on one that its lane did not sign; those behind it are confirmed on the next link. */
  #takeConfirms(peer: Peer): void {
    const confirms = this.#confirms
    this.#confirms = []
    for (const confirm of confirms) this.#confirm(confirm, peer)
  }

  #confirm(confirm: ReceiptConfirm, peer: Peer): void {
    const { receipts, logger } = this.#context
    if (!receipts.isUnconfirmed(confirm.workHash as Hex)) return
    const delivery = confirm.delivery === null ? null : deliveryOf(confirm, peer)
    if (delivery === null) {
      logger.warn({ workHash: confirm.workHash, reason: confirm.reason }, 'the gateway will not bill a receipt')
    }
    receipts
      .confirm(confirm, delivery)
      .catch((error: unknown) => logger.error({ err: error }, 'a confirmation could not be stored'))
  }

  /** Takes its time: the answer goes out when the file was fetched and checked, if the link still is there. */
  #answerNotice(notice: EpochNotice, peer: Peer): void {
    const { epochs, logger } = this.#context
    epochs
      .answer(notice, peer, this.#transport.urlOf(notice.filePath))
      .then((answer) => answer && this.#send(encodeJsonFrame(frameType.recordAnswer, 0, answer)))
      .catch((error: unknown) => logger.error({ err: error }, 'the notice of an epoch could not be answered'))
  }

  /** A model may take a minute to load; other orders go on meanwhile. */
  #carryOut(order: LeaseOrder, peer: Peer): void {
    const { leases, logger } = this.#context
    const none: LeaseOrderAnswer = {
      id: order.id,
      outcome: 'refused',
      reason: 'this node has no leases',
      signature: null,
      signedToMs: null,
    }
    Promise.resolve(leases?.carryOut(order, peer) ?? none)
      .then((answer) => this.#send(encodeJsonFrame(frameType.leaseAnswer, 0, answer)))
      .catch((error: unknown) => logger.error({ err: error }, 'an order about a lease could not be answered'))
  }

  #send(frame: Buffer, withNext?: boolean): void {
    if (!this.#closed) this.#transport.send(frame, withNext)
  }
}

/** Throws on a delivery receipt that its lane did not sign, or that is for other work. */
function deliveryOf({ delivery, signature, workHash }: ReceiptConfirm, { domain, lane }: Peer): HashedDelivery {
  const value = decodeStruct('DeliveryReceipt', delivery)
  const hash = structHashBytes('DeliveryReceipt', value)
  const isSigned = isHashSignedBy(domain, hash, (signature ?? '0x') as Hex, bytes32ToAddress(lane))
  if (value.workHash !== workHash || !isSigned) {
    throw new LinkViolation('a delivery receipt that its lane did not sign')
  }
  return { lane: value.lane, seq: value.seq, hash: bytesToHex(hash) }
}
