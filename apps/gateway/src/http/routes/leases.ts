/** The worker's calls about leases: checked in form, then the desk's. */
import { AppError } from '@isochrone/domain'
import { leaseCommand, leaseReading, type LeaseReply } from '@isochrone/protocol'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { LeaseDesk } from '../../leases/lease-desk.ts'
import { parseJson } from '../../requests/read/parse-request.ts'
import { bodyOf } from '../body-of.ts'
import { requireInternalToken } from '../internal-token.ts'

const readBody = leaseCommand.extend({ reading: leaseReading })

export function leaseRoutes(app: FastifyInstance, desk: LeaseDesk, internalToken: string): void {
  const onRequest = (request: FastifyRequest, _reply: unknown, next: () => void) => {
    requireInternalToken(request.headers.authorization, internalToken)
    next()
  }
  app.post('/internal/v1/lease/provision', {
    onRequest,
    handler: (request): Promise<LeaseReply> => desk.provision(read(leaseCommand, request)),
  })
  app.post('/internal/v1/lease/read', {
    onRequest,
    handler: (request): Promise<LeaseReply> => {
      const { reading, ...command } = read(readBody, request)
      return desk.read(command, reading)
    },
  })
  app.post('/internal/v1/lease/stop', {
    onRequest,
    handler: (request): Promise<LeaseReply> => desk.stop(read(leaseCommand, request)),
  })
}

function read<T>(schema: z.ZodType<T>, request: FastifyRequest): T {
  const parsed = schema.safeParse(parseJson(bodyOf(request)))
  if (parsed.success) return parsed.data
  const field = parsed.error.issues[0]?.path.join('.') ?? ''
  throw new AppError('invalid_input', { publicMessage: `'${field}' is missing or not valid.`, field })
}
