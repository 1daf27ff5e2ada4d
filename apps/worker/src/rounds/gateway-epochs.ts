/**
 * What the worker asks of gateways about epochs: to close the running one now, when a payer asks money back, and to sign a
 * corrected version of a record that was found invalid.
 */
import { AppError } from '@isochrone/domain'
import type { CorrectDeps, WatchDeps } from '@isochrone/services'
import { z } from 'zod'

const TIMEOUT_MS = 10_000
const closedLane = z.object({ lane: z.string() })

export function gatewayEpochs({
  gatewayUrls,
  internalToken,
}: {
  gatewayUrls: readonly string[]
  internalToken: string
}): WatchDeps['gateways'] & CorrectDeps['gateways'] {
  return {
    /** Each is asked: only the gateway knows which lanes' files it has. */
    async correctRecord(record) {
      const ended = await Promise.allSettled(
        gatewayUrls.map((url) => post(url, '/internal/v1/correct-record', internalToken, record)),
      )
      if (ended.some((answer) => answer.status === 'fulfilled')) return
      throw new AppError('capacity_unavailable', {
        publicMessage: `No gateway corrects the record of node ${record.nodeId} in epoch ${record.epoch} of lane ${record.lane}.`,
      })
    },
    /** Each is asked, as above; one of another lane closes nothing. */
    async closeEpochs(lanes) {
      const ended = await Promise.allSettled(
        gatewayUrls.map((url) => post(url, '/internal/v1/close-epoch', internalToken, { lanes })),
      )
      const answered = ended.flatMap((answer) =>
        answer.status === 'fulfilled' ? [closedLane.parse(answer.value).lane] : [],
      )
      return lanes.filter((lane) => answered.includes(lane))
    },
  }
}

async function post(gatewayUrl: string, path: string, internalToken: string, body: object): Promise<unknown> {
  const response = await fetch(new URL(path, gatewayUrl), {
    method: 'POST',
    headers: { authorization: `Bearer ${internalToken}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  })
  if (!response.ok) throw new Error(`HTTP ${response.status}`)
  return response.json()
}
