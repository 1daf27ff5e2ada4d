/**
 * `POST /v1/sealed/candidates`: the keys that a request of this kind may be sealed to now, inside the routing policy of the
 * request and its organisation. What the client seals to is what placement may choose from.
 */
import { AppError, featureMask, requestNeeds, tokensOutOf, type EngineFeature } from '@isochrone/domain'
import { RECIPIENTS_MAX, sealedPaths } from '@isochrone/protocol'
import { parseRoutingPolicy, splitModelSuffix } from '@isochrone/scheduler'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { pathText } from '../../requests/read/known-fields.ts'
import { placementRequestOf } from '../../requests/placement/placement-request.ts'
import { objectOf, parseJson, type InferenceRequest } from '../../requests/read/parse-request.ts'
import type { SealingCandidate } from '../../requests/placement/sealing-candidates.ts'
import { routingOf } from '../../requests/read/routing-of.ts'
import { requireChannel, requireKnownModel } from '../admit.ts'
import { authenticate, requireReady, type Caller } from '../authenticate.ts'
import { bodyOf } from '../body-of.ts'
import type { GatewayDeps } from '../gateway-deps.ts'

/** How long a client may keep the list. Keys stand longer, but load and links change. */
const LIST_LIFE_MS = 30_000
const BODY_BYTES_MAX = 64 * 1024

const asked = z.object({
  model: z.string().min(1).max(200),
  path: z.enum(sealedPaths).default('/v1/chat/completions'),
  max_tokens: z.int().min(1).max(8_000_000).optional(),
  /** Of the request to come, about. */
  bytes: z.int().min(1).max(16_000_000).default(1_000),
  features: z.array(z.string().max(40)).max(32).default([]),
})

export function sealedRoutes(app: FastifyInstance, deps: GatewayDeps): void {
  const callers = new WeakMap<FastifyRequest, Caller>()
  /** By the headers alone: a stranger's body is not read, nor one of elsewhere. */
  const onRequest = (request: FastifyRequest, _reply: FastifyReply, next: () => void): void => {
    requireReady(deps)
    callers.set(request, authenticate(request.headers.authorization, deps.control, request.receivedAtMs))
    next()
  }
  app.post('/v1/sealed/candidates', { bodyLimit: BODY_BYTES_MAX, onRequest }, (request) => {
    const caller = callers.get(request)
    if (!caller) throw new Error('a request without a caller')
    const { organisation } = caller
    const admission = deps.requestLimits.enter(organisation, caller.key)
    try {
      const inference = inferenceOf(deps, objectOf(parseJson(bodyOf(request))))
      requireKnownModel(deps, inference.model)
      requireChannel(organisation)
      const placement = placementRequestOf(
        {
          requestId: request.requestId,
          organisation,
          request: inference,
          policy: routingOf(organisation, inference, deps.control),
        },
        deps.serve.measurements,
      )
      const candidates = deps.serve.placer.sealable(inference.model, placement)
      if (candidates.length === 0) throw nobody(inference.model)
      return {
        object: 'list',
        model: inference.model,
        now: deps.clock.nowMs(),
        expires_in_ms: LIST_LIFE_MS,
        recipients_max: RECIPIENTS_MAX,
        /** What the node's signature under its key is bound to (EIP-712). */
        signing: deps.sealingDomain,
        data: candidates.map((candidate) => viewOf(candidate)),
      }
    } finally {
      admission.leave()
    }
  })
}

function viewOf({ key, replica: { node, served, session } }: SealingCandidate) {
  return {
    node: node.id,
    node_id: session.nodeId,
    node_name: node.name,
    provider: node.providerId,
    provider_name: node.providerName,
    region: node.region,
    country: node.country,
    trust: node.trust,
    data_policy: node.dataPolicy,
    model_hash: served.modelHash,
    key: {
      public_key: key.publicKey,
      not_before: key.notBeforeMs,
      not_after: key.notAfterMs,
      signature: key.signature,
    },
  }
}

/** What is known of the request to come. Throws `invalid_input` naming the field. */
function inferenceOf(deps: GatewayDeps, json: Record<string, unknown>): InferenceRequest {
  const parsed = asked.safeParse(json)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const field = pathText(issue?.path ?? [])
    throw new AppError('invalid_input', { publicMessage: `'${field}': ${issue?.message ?? 'wrong'}.`, field })
  }
  const { path, max_tokens: tokensOutMax, bytes, features } = parsed.data
  const unknown = features.find((name) => featureMask([name]) === 0)
  if (unknown !== undefined) {
    const publicMessage = `There is no feature '${unknown}'.`
    throw new AppError('invalid_input', { publicMessage, field: 'features' })
  }
  const { model: name } = parsed.data
  const { model, suffix } = deps.knownModels.has(name) ? { model: name, suffix: null } : splitModelSuffix(name)
  const wanted = features.map((feature) => ({ feature: feature as EngineFeature, field: 'features' }))
  return {
    path,
    model,
    stream: true,
    includeUsage: true,
    ...(tokensOutMax === undefined ? tokensOutOf(path, { named: null, choices: 1 }) : { tokensOutMax }),
    body: new Uint8Array(),
    routing: parseRoutingPolicy(json.routing).policy,
    routingJson: {},
    suffix,
    session: null,
    promptHead: '',
    lengthField: 'max_tokens',
    needs: [...requestNeeds(path, {}), ...wanted],
    sealed: { keys: [], promptBytes: bytes },
  }
}

const nobody = (model: string): AppError =>
  new AppError('capacity_unavailable', {
    publicMessage: `No node that serves ${model} inside your routing policy opens sealed requests at this moment.`,
    details: { reason: 'sealed_unsupported' },
  })
