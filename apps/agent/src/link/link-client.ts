/**
 * Keeps one link to one gateway up, for ever: dials out, watches for silence, and dials again with jittered backoff.
 */
import { prng } from '@isochrone/domain'
import { createFrameOutbox, FRAME_BYTES_MAX, GATEWAY_SILENCE_MS_MAX, type Hex } from '@isochrone/protocol'
import { SilenceWatch } from '@isochrone/runtime'
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { DelayLine } from './delay-line.ts'
import type { LinkContext } from './link-context.ts'
import { LinkSession } from './link-session.ts'

const LINK_PATH = '/v1/agent/link'
const BACKOFF_MS_MIN = 100
const BACKOFF_MS_MAX = 5_000
const HANDSHAKE_MS_MAX = 5_000

export class LinkClient {
  readonly #url: string
  readonly #context: LinkContext
  readonly #stop = new AbortController()
  #session: LinkSession | undefined
  #lane: Hex | undefined
  #loop: Promise<void> | undefined

  /** `gatewayUrl` is the gateway's public http(s) or ws(s) URL. */
  constructor(gatewayUrl: string, context: LinkContext) {
    this.#url = linkUrl(gatewayUrl)
    this.#context = { ...context, logger: context.logger.child({ gateway: this.#url }) }
  }

  get ready(): boolean {
    return this.#session?.ready ?? false
  }

  /** Of the gateway; kept while the link is down. */
  get lane(): Hex | undefined {
    this.#lane = this.#session?.lane ?? this.#lane
    return this.#lane
  }

  /** Of a path at this gateway. */
  urlOf(path: string): string {
    return httpUrl(this.#url, path)
  }

  start(): void {
    this.#loop ??= this.#run()
  }

  /** Lets running streams finish for at most `graceMs`, aborts the rest, and closes the link. */
  async close(graceMs: number): Promise<void> {
    const session = this.#session
    if (session) {
      await Promise.race([session.idle(), sleep(graceMs, undefined, { ref: false })])
      await session.close('shutdown')
      // What was sent last is still inside the delay shim.
      const shim = this.#context.simulatedNetwork
      if (shim) await sleep(shim.rttMs + shim.jitterMs)
    }
    this.#stop.abort()
    await this.#loop
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    let attempt = 0
    while (!signal.aborted) {
      const wasReady = await this.#connectOnce(signal)
      attempt = wasReady ? 0 : attempt + 1
      // Full jitter: agents that lost the same gateway must not come back together.
      const ceilingMs = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** Math.min(attempt, 10))
      await sleep(BACKOFF_MS_MIN / 2 + Math.random() * ceilingMs, undefined, { signal }).catch(() => {})
    }
  }

  /** One connection from dial to end. Resolves with whether it ever became ready; never rejects. */
  async #connectOnce(signal: AbortSignal): Promise<boolean> {
    const { logger } = this.#context
    const socket = new WebSocket(this.#url, {
      maxPayload: FRAME_BYTES_MAX,
      handshakeTimeout: HANDSHAKE_MS_MAX,
      perMessageDeflate: false,
      ...(!isOpenToProxies(this.#url) && { generateMask: (mask) => void mask.fill(0) }),
    })
    let wasReady = false
    const { outbound, flush, inbound, clear } = this.#wire(socket, (frame) => session.receive(frame))
    const session = new LinkSession(
      this.#context,
      {
        send: outbound,
        close: (reason) => {
          flush()
          socket.close(1002, reason)
        },
        urlOf: (path) => httpUrl(this.#url, path),
      },
      (gatewayRegion) => {
        wasReady = true
        clearTimeout(handshake)
        logger.info({ gatewayRegion }, 'linked')
      },
    )
    this.#lane = this.#session?.lane ?? this.#lane
    this.#session = session
    const handshake = setTimeout(() => socket.terminate(), 2 * HANDSHAKE_MS_MAX)
    const unanswered = setTimeout(() => socket.terminate(), 2 * HANDSHAKE_MS_MAX)
    let silence: SilenceWatch | undefined
    const onSilence = () => {
      logger.warn({ silenceMs: GATEWAY_SILENCE_MS_MAX }, 'the gateway is silent')
      socket.terminate()
    }
    const stop = () => {
      flush()
      socket.close(1000, 'the agent stops')
    }
    signal.addEventListener('abort', stop, { once: true })

    await new Promise<void>((resolve) => {
      socket.on('message', (data: Buffer) => {
        clearTimeout(unanswered)
        // One timer for the link: a new one for each message costs more than what most of them say.
        if (silence) silence.heard()
        else silence = new SilenceWatch(GATEWAY_SILENCE_MS_MAX, onSilence)
        inbound(data)
      })
      socket.on('error', (error) => logger.debug({ err: error }, 'link error'))
      socket.on('close', (code) => {
        logger.info({ code, wasReady }, wasReady ? 'link lost' : 'no link')
        resolve()
      })
    })
    clearTimeout(unanswered)
    silence?.stop()
    clearTimeout(handshake)
    clear()
    signal.removeEventListener('abort', stop)
    await session.close('link-lost')
    return wasReady
  }

  /** The two directions of the socket, through the delay shim where one is set. */
  #wire(socket: WebSocket, deliver: (frame: Buffer) => void) {
    const transmit = (message: Buffer) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(message)
    }
    const { simulatedNetwork } = this.#context
    if (!simulatedNetwork) {
      const { push, flush } = createFrameOutbox(transmit)
      return { outbound: push, flush, inbound: deliver, clear: () => {} }
    }
    const options = { ...simulatedNetwork, prng: prng(simulatedNetwork.seed) }
    const out = new DelayLine(options, transmit)
    const back = new DelayLine(options, deliver)
    const { push, flush } = createFrameOutbox((message) => out.push(message))
    return {
      outbound: push,
      flush,
      inbound: (frame: Buffer) => back.push(frame),
      clear: () => {
        out.clear()
        back.clear()
      },
    }
  }
}

/**
 * Masks keep what a customer can make a client write from being taken for HTTP by a proxy between the two (RFC 6455, 10.3).
 * Within TLS and inside one machine no proxy sees it, and a mask of zeros costs neither side a look at each byte.
 */
export function isOpenToProxies(link: string): boolean {
  const { protocol, hostname } = new URL(link)
  return protocol !== 'wss:' && !LOOPBACK.test(hostname)
}

const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/

/** The link's WebSocket URL at a gateway. */
export function linkUrl(gatewayUrl: string): string {
  const url = new URL(gatewayUrl)
  url.protocol = url.protocol.replace(/^http/, 'ws')
  url.pathname = `${url.pathname.replace(/\/$/, '')}${url.pathname.endsWith(LINK_PATH) ? '' : LINK_PATH}`
  return url.toString()
}

/** URL of a path at the gateway whose link URL is given. */
export function httpUrl(link: string, path: string): string {
  const url = new URL(link)
  url.protocol = url.protocol.replace(/^ws/, 'http')
  url.pathname = `${url.pathname.slice(0, -LINK_PATH.length)}${path}`
  return url.toString()
}
