/**
 * Queued work goes through Postgres; the answer is read at `GET /v1/jobs/:id`. Work that no money of today could pay for is
 * refused now: it would wait only to fail.
 */
import { AppError } from '@isochrone/domain'
import type { FastifyReply } from 'fastify'
import { parseJson, type InferenceRequest } from '../requests/parse-request.ts'
import { routingOf } from '../requests/routing-of.ts'
import { reservePriceMicroUsd } from '../requests/reserve-price.ts'
import { requireChannel, requireKnownModel } from './admit.ts'
import type { Caller } from './authenticate.ts'
import type { Asked } from './endpoints.ts'
import type { GatewayDeps } from './gateway-deps.ts'

/** Answers 202 with the job. */
export async function enqueue(
  deps: GatewayDeps,
  { key, organisation }: Caller,
  { inference, response }: Asked,
  reply: FastifyReply,
): Promise<FastifyReply> {
  if (response !== null) {
    throw new AppError('invalid_input', { publicMessage: 'Only completions are queued by x-isochrone-queue.' })
  }
  requireKnownModel(deps, inference.model)
  const channelId = requireChannel(organisation)
  // What contradicts itself would wait only to fail.
  routingOf(organisation, inference, deps.control)
  const { budget, placer } = deps.serve
  await budget.requireCover(channelId, reservePriceMicroUsd(inference, placer.priceLists(inference.model)))
  const body = parseJson(inference.body) as Record<string, unknown>
  const { id } = await deps.jobs.enqueue({
    orgId: organisation.orgId,
    keyId: key.keyId,
    kind: 'queued',
    path: inference.path,
    model: inference.model,
    body: { ...body, ...routingForJob(inference), stream: false, stream_options: undefined },
  })
  return reply.code(202).send({ id, object: 'isochrone.job', status: 'queued' })
}

/** The worker places the job: what the body said of routing, and what the model's suffix did, goes with it. */
function routingForJob({ routingJson, suffix }: InferenceRequest): { routing?: Record<string, unknown> } {
  const routing = { ...routingJson, ...(suffix !== null && { sort: suffix }) }
  return Object.keys(routing).length > 0 ? { routing } : {}
}
