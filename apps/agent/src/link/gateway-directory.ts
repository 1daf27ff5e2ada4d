/**
 * Keeps the node linked to every gateway of the marketplace: it asks a gateway that it is linked to for the others, now and
 * then, so that a new gateway is found without a restart.
 *
 * The gateways that the provider named are never left. Others come and go with the list; each lane has one link, because a
 * gateway lets go of the older of two.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from '@isochrone/runtime'
import { request } from 'undici'
import { z } from 'zod'

/** The part of a link that the directory needs. */
export interface DirectoryLink {
  readonly ready: boolean
  /** Of the gateway, once it has said it. */
  readonly lane: string | undefined
  urlOf(path: string): string
  start(): void
  close(graceMs: number): Promise<void>
}

export interface GatewayDirectoryOptions<L extends DirectoryLink> {
  /** Named by the provider. */
  readonly given: readonly L[]
  readonly open: (url: string) => L
  readonly logger: Logger
  readonly intervalMs?: number
}

export interface GatewayDirectory<L> {
  /** All links, those named by the provider first. */
  links(): readonly L[]
  start(): void
  stop(): Promise<void>
}

const listed = z.object({
  data: z.array(z.object({ lane: z.string().max(66), url: z.url({ protocol: /^https?$/ }).max(300) })).max(64),
})
const INTERVAL_MS = 5_000
const ANSWER_MS_MAX = 5_000
const ANSWER_BYTES_MAX = 64 * 1024
const GRACE_MS = 3_000

export function createGatewayDirectory<L extends DirectoryLink>(
  options: GatewayDirectoryOptions<L>,
): GatewayDirectory<L> {
  const { given, open, logger, intervalMs = INTERVAL_MS } = options
  const found = new Map<string, L>()
  const stopping = new AbortController()
  let running: Promise<void> | undefined
  let turn = 0

  async function look(): Promise<void> {
    const ready = [...given, ...found.values()].filter((link) => link.ready)
    // Another one each time: no gateway alone decides what this node knows.
    const asked = ready[turn++ % Math.max(1, ready.length)]
    if (!asked) return
    const gateways = await read(asked.urlOf('/v1/gateways'), stopping.signal)
    const lanes = new Set(given.map(({ lane }) => lane))
    for (const [lane, link] of found) {
      const isGone = !link.ready && !gateways.some((gateway) => gateway.lane === lane)
      if (!isGone && !lanes.has(lane)) continue
      found.delete(lane)
      logger.info({ lane }, 'a gateway is left')
      void link.close(GRACE_MS)
    }
    // Where a gateway that the provider named has not said who it is, a second link to it would push out the first.
    if (given.some(({ lane }) => lane === undefined)) return
    for (const { lane, url } of gateways) {
      if (lanes.has(lane) || found.has(lane)) continue
      const link = open(url)
      found.set(lane, link)
      logger.info({ lane, url }, 'a gateway is found')
      link.start()
    }
  }

  return {
    links: () => [...given, ...found.values()],
    start() {
      running ??= (async () => {
        while (!stopping.signal.aborted) {
          // All nodes of a marketplace must not ask at once.
          const pauseMs = intervalMs * (0.5 + Math.random())
          await sleep(pauseMs, undefined, { signal: stopping.signal }).catch(() => {})
          if (stopping.signal.aborted) return
          await look().catch((error: unknown) => logger.debug({ err: error }, 'no list of gateways'))
        }
      })()
    },
    async stop() {
      stopping.abort()
      await running
    },
  }
}

/** Rejects when there is no list, or one that is too long. */
async function read(url: string, stopped: AbortSignal): Promise<z.output<typeof listed>['data']> {
  const signal = AbortSignal.any([stopped, AbortSignal.timeout(ANSWER_MS_MAX)])
  const { statusCode, body } = await request(url, { signal })
  let text = ''
  for await (const part of body) {
    text += String(part)
    if (text.length > ANSWER_BYTES_MAX) throw new Error('the list of gateways is too long')
  }
  if (statusCode !== 200) throw new Error(`the gateway answered ${statusCode}`)
  return listed.parse(JSON.parse(text)).data
}
