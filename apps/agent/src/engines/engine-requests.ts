/** How a streamed request reaches an engine: over connections of our own, or through a general client where it speaks TLS. */
import type { Pool } from 'undici'
import { EnginePool } from './engine-pool.ts'
import type { EngineRequests } from './event-stream.ts'

export type ClosableRequests = EngineRequests & { close(): void }

export function plainPool(
  { hostname, port, host }: URL,
  connectionsMax: number,
  silenceMsMax: number,
): ClosableRequests {
  return new EnginePool({
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? 80 : Number(port),
    hostHeader: host,
    connectionsMax,
    silenceMsMax,
  })
}

/** For what our own connections do not speak: TLS. */
export function throughUndici(pool: Pool): ClosableRequests {
  return {
    dispatch: (call, handler) =>
      void pool.dispatch(
        { ...call, method: 'POST' },
        {
          onRequestStart: (controller) => handler.onRequestStart(controller),
          onResponseStart: (controller, httpStatus) => handler.onResponseStart(controller, httpStatus),
          onResponseData: (controller, part) => handler.onBytes(controller, part, 0, part.length),
          onResponseEnd: () => handler.onResponseEnd(),
          onResponseError: (controller, error) => handler.onResponseError(controller, error),
        },
      ),
    // Its pool is closed by whoever made it.
    close() {},
  }
}
