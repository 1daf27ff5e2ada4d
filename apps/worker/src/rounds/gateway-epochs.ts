/** Asks every gateway to close its running epoch now: what the watchtower wants when a payer asks money back. */
import { AppError } from '@isochrone/domain'
import type { WatchDeps } from '@isochrone/services'

const TIMEOUT_MS = 10_000

export function gatewayEpochs({
  gatewayUrls,
  internalToken,
}: {
  gatewayUrls: readonly string[]
  internalToken: string
}): WatchDeps['gateways'] {
  return {
    /** @throws AppError `capacity_unavailable` naming the gateways that did not; the others have closed theirs. */
    async closeEpochs() {
      const ended = await Promise.allSettled(gatewayUrls.map((url) => close(url, internalToken)))
      const away = gatewayUrls.filter((_, index) => ended[index]?.status === 'rejected')
      if (away.length === 0) return
      throw new AppError('capacity_unavailable', {
        publicMessage: `No answer to closing an epoch from ${away.join(', ')}.`,
      })
    },
  }
}

async function close(gatewayUrl: string, internalToken: string): Promise<void> {
  const response = await fetch(new URL('/internal/v1/close-epoch', gatewayUrl), {
    method: 'POST',
    headers: { authorization: `Bearer ${internalToken}` },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  })
  if (!response.ok) throw new Error(`HTTP ${response.status}`)
  await response.arrayBuffer()
}
