/**
 * Hands a placed job to a gateway and waits for the answer.
 *
 * A job goes to one gateway, which its row names from its first dispatch on: that one alone knows whether it answered before.
 * Which one that is follows from the request id, among those that could be reached a moment ago.
 */
import { AppError, systemClock, type Clock } from '@isochrone/domain'
import { bytes32Of, dispatchResponse } from '@isochrone/protocol'
import type { GatewayDispatch } from '@isochrone/services'

/** Time for the gateway itself on top of the job's own limit, ms. */
const GRACE_MS = 10_000
/** How long a gateway that nobody answered for gets no new jobs. */
const AWAY_MS = 2_000

export interface DispatchOptions {
  gatewayUrls: readonly string[]
  internalToken: string
  clock?: Clock
}

export function dispatchToGateway({
  gatewayUrls,
  internalToken,
  clock = systemClock,
}: DispatchOptions): GatewayDispatch {
  const urls = gatewayUrls.toSorted()
  const awayUntilMs = new Map<string, number>()
  return {
    gatewayFor(requestId, mayServe = () => true) {
      if (urls.length === 0) throw new AppError('internal', { publicMessage: 'No gateway is configured.' })
      const able = urls.filter((url) => mayServe(url))
      const here = able.filter((url) => (awayUntilMs.get(url) ?? 0) <= clock.nowMs())
      const among = here.length > 0 ? here : able
      const index = Number.parseInt(bytes32Of(requestId).slice(2, 10), 16) % among.length
      return among[index] ?? null
    },
    async dispatch(gatewayUrl, request) {
      // A row may name a gateway that this platform has no more: nothing is sent to an address that nobody configured.
      if (!urls.includes(gatewayUrl)) {
        throw new AppError('capacity_unavailable', { publicMessage: `The gateway ${gatewayUrl} is no more.` })
      }
      const response = await fetch(`${gatewayUrl}/internal/v1/dispatch`, {
        method: 'POST',
        headers: { authorization: `Bearer ${internalToken}`, 'content-type': 'application/json' },
        body: JSON.stringify(request),
        signal: AbortSignal.timeout(request.timeoutMs + GRACE_MS),
      }).catch((cause: unknown) => {
        const unreached = isRefused(cause)
        if (unreached) awayUntilMs.set(gatewayUrl, clock.nowMs() + AWAY_MS)
        const publicMessage = unreached ? 'The gateway is away.' : 'The connection to the gateway broke.'
        throw new AppError('capacity_unavailable', { publicMessage, details: { unreached }, cause })
      })
      if (!response.ok) {
        await response.body?.cancel()
        throw new AppError('capacity_unavailable', { publicMessage: `The gateway answered ${response.status}.` })
      }
      return dispatchResponse.parse(await response.json())
    },
  }
}

/** No connection was made, so nothing was sent. */
function isRefused(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined
  return typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === 'ECONNREFUSED'
}
