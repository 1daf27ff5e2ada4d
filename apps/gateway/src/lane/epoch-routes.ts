/** `GET /v1/epochs/:epoch/file`: the published record of a closed epoch, whose hash is on-chain. Anyone may fetch it. */
import { createReadStream } from 'node:fs'
import { AppError } from '@isochrone/domain'
import type { FastifyInstance } from 'fastify'
import type { GatewayLane } from './gateway-lane.ts'
import { epochFileName } from './close-epoch.ts'

export function epochRoutes(app: FastifyInstance, lane: Pick<GatewayLane, 'id' | 'epochFile'>): void {
  app.get<{ Params: { epoch: string } }>('/v1/epochs/:epoch/file', async (request, reply) => {
    const epoch = /^\d{1,15}$/.test(request.params.epoch) ? Number(request.params.epoch) : -1
    const path = lane.epochFile(epoch)
    if (!path) {
      throw new AppError('not_found', { publicMessage: 'This gateway has closed no epoch of that number.' })
    }
    return reply
      .type('application/gzip')
      .header('content-disposition', `attachment; filename="${epochFileName(lane.id, epoch)}"`)
      .header('cache-control', 'public, max-age=31536000, immutable')
      .send(createReadStream(path))
  })
}
