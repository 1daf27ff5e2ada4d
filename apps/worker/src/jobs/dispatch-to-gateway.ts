/**
 * Hands a placed job to a gateway and waits for the answer.
 *
 * A job always goes to the same gateway, chosen by its request id: that one alone knows whether it answered before.
 */
import { AppError } from '@isochrone/domain'
import { bytes32Of, dispatchResponse } from '@isochrone/protocol'
import type { GatewayDispatch } from '@isochrone/services'

/** Time for the gateway itself on top of the job's own limit, ms. */
const GRACE_MS = 10_000

export function dispatchToGateway({
  gatewayUrls,
  internalToken,
}: {
  gatewayUrls: readonly string[]
  internalToken: string
}): GatewayDispatch {
  const urls = gatewayUrls.toSorted()
  return {
    async dispatch(request) {
      const index = Number.parseInt(bytes32Of(request.requestId).slice(2, 10), 16) % urls.length
      const response = await fetch(`${urls[index]}/internal/v1/dispatch`, {
        method: 'POST',
        headers: { authorization: `Bearer ${internalToken}`, 'content-type': 'application/json' },
        body: JSON.stringify(request),
        signal: AbortSignal.timeout(request.timeoutMs + GRACE_MS),
      })
      if (!response.ok) {
        await response.body?.cancel()
        throw new AppError('capacity_unavailable', { publicMessage: `The gateway answered ${response.status}.` })
      }
      return dispatchResponse.parse(await response.json())
    },
  }
}
