/**
 * `GET /v1/epochs` and `GET /v1/epochs/:epoch/file`: what this lane has closed, and the published record of each epoch,
 * whose hash is on-chain. Anyone may fetch them.
 */
import { createReadStream } from 'node:fs'
import { AppError } from '@isochrone/domain'
import type { FastifyInstance } from 'fastify'
import type { ClosedEpoch } from './epoch-index.ts'
import type { GatewayLane } from './gateway-lane.ts'
import { epochFileName } from './write-epoch.ts'

const LIST_DEFAULT = 100
const LIST_MAX = 1_000

export function epochRoutes(app: FastifyInstance, lane: Pick<GatewayLane, 'id' | 'epochFile' | 'closedEpochs'>): void {
  app.get<{ Querystring: { limit?: string; before?: string } }>('/v1/epochs', async (request, reply) => {
    const limit = countOf(request.query.limit, 'limit', LIST_DEFAULT)
    if (limit < 1 || limit > LIST_MAX) throw invalid('limit', `from 1 to ${LIST_MAX}`)
    const epochs = lane.closedEpochs(limit, countOf(request.query.before, 'before', Infinity))
    reply.header('cache-control', 'public, max-age=5')
    return { object: 'list', lane: lane.id, data: epochs.map(shown) }
  })

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

/** The anchor's fields as the lane signed them, and where the file is. Numbers above 2⁵³ are text. */
function shown({ anchor, anchorSignature, fileBytes, closedAtMs }: ClosedEpoch) {
  const { epoch, fromSeq, toSeq, count, sum, root, dataHash } = anchor
  return {
    epoch,
    fromSeq,
    toSeq,
    count,
    sumMicroUsd: sum,
    root,
    dataHash,
    anchorSignature,
    closedAtMs,
    fileBytes,
    file: `/v1/epochs/${epoch}/file`,
  }
}

function countOf(text: string | undefined, name: string, absent: number): number {
  if (text === undefined) return absent
  if (!/^\d{1,15}$/.test(text)) throw invalid(name, 'a number')
  return Number(text)
}

function invalid(field: string, wanted: string): AppError {
  return new AppError('invalid_input', { publicMessage: `'${field}' is ${wanted}.`, field })
}
