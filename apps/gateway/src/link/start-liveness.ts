/**
 * Tells the rest of the platform each second which nodes are linked here and that this gateway lives.
 *
 * The pages and the worker's placement read it; readers judge age by `seenAtMs`. While Redis is away nothing queues.
 */
import { systemClock } from '@isochrone/domain'
import { redisKeys, type GatewayStatus, type NodeLiveness } from '@isochrone/protocol'
import type { NodeSession } from '../ports.ts'
import type { LivenessOptions, Stoppable } from './link-server-types.ts'

export function startLiveness(options: LivenessOptions): Stoppable {
  const { redis, sessions, lane, publicUrl, region, status, logger, clock = systemClock, intervalMs = 1_000 } = options
  let writing: Promise<void> | null = null
  let announced = new Set<string>()

  function livenessOf(session: NodeSession): NodeLiveness {
    const { nodeId, linkedSinceMs, concurrencyMax, rttMs, simulatedRttMs, reported } = session
    const measured = options.measurementsOf(nodeId)
    return {
      nodeId,
      lane,
      gatewayUrl: publicUrl,
      seenAtMs: clock.nowMs(),
      linkedSinceMs,
      hardware: session.inventory.hardware,
      models: session.models.map(({ model, modelHash, contextTokensMax, quantisation, simulated, features }) => ({
        model,
        modelHash,
        contextTokensMax,
        quantisation,
        simulated,
        features,
      })),
      concurrencyMax,
      activeStreams: reported?.activeStreams ?? session.activeStreams,
      queuedStreams: reported?.queuedStreams ?? 0,
      draining: reported?.draining ?? false,
      prefillTokens: reported?.prefillTokens,
      contextTokens: reported?.contextTokens,
      rttMs,
      simulatedRttMs,
      ...measured,
      tokensPerSecond: measured.tokensPerSecond ?? reported?.tokensPerSecond ?? null,
    }
  }

  async function write(): Promise<void> {
    const linked = sessions.all()
    const gone = [...announced].filter((nodeId) => !linked.some((session) => session.nodeId === nodeId))
    const gateway: GatewayStatus = { lane, url: publicUrl, region, seenAtMs: clock.nowMs(), ...status() }
    const pipeline = redis.pipeline().hset(redisKeys.gateways, lane, JSON.stringify(gateway))
    for (const session of linked) pipeline.hset(redisKeys.nodes, session.nodeId, JSON.stringify(livenessOf(session)))
    if (gone.length > 0) pipeline.hdel(redisKeys.nodes, ...gone)
    await pipeline.exec()
    announced = new Set(linked.map(({ nodeId }) => nodeId))
  }

  function tick(): void {
    if (writing || redis.status !== 'ready') return
    writing = write()
      .catch((error: unknown) => logger.debug({ err: error }, 'liveness not written'))
      .finally(() => (writing = null))
  }

  const timer = setInterval(tick, intervalMs)
  sessions.onChange(tick)
  tick()
  return {
    async stop() {
      clearInterval(timer)
      await writing
      if (redis.status !== 'ready') return
      await redis
        .pipeline()
        .hdel(redisKeys.gateways, lane)
        .hdel(redisKeys.nodes, ...announced, '-')
        .exec()
        .catch(() => undefined)
    },
  }
}
