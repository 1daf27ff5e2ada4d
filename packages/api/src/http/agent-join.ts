/**
 * `GET` and `POST /api/agent/join`, as plain functions of Request → Response: how an agent that holds a token learns
 * what to prove, and joins. Errors are `{ error: { code, message, field } }` with the table's status.
 */
import { AppError, toAppError } from '@isochrone/domain'
import { rentalJson, type ControlPlane } from '@isochrone/services'
import { nodeInventoryInput } from '../inputs.ts'
import { z } from 'zod'
import { jsonBody } from './json-body.ts'

const BODY_BYTES_MAX = 64 * 1024

const joinBody = z.object({
  token: z.string().min(1).max(200),
  nodeKey: z.string().max(42),
  proof: z.string().max(140),
  inventory: nodeInventoryInput,
  rental: rentalJson.optional(),
})

type Providers = Pick<ControlPlane['providers'], 'describeJoin' | 'joinNode'>

/** `?token=…` → providerId, chainId, registryAddress, gatewayUrls, expiresAt. */
export async function describeAgentJoin(providers: Providers, request: Request): Promise<Response> {
  return answer(async () => {
    const token = new URL(request.url).searchParams.get('token') ?? ''
    return providers.describeJoin({ token: token.slice(0, 200) })
  })
}

/** `{ token, nodeKey, proof, inventory }` → nodeId, nodeName, gatewayUrls, witnessUrls. */
export async function agentJoin(providers: Providers, request: Request): Promise<Response> {
  return answer(async () => {
    const parsed = joinBody.safeParse(await jsonBody(request, BODY_BYTES_MAX))
    if (!parsed.success) {
      const issue = parsed.error.issues[0]
      const field = issue?.path.map(String).join('.') ?? 'body'
      throw new AppError('invalid_input', { publicMessage: `${field}: ${issue?.message ?? 'is not valid'}`, field })
    }
    return providers.joinNode(parsed.data)
  })
}

async function answer(work: () => Promise<object>): Promise<Response> {
  const headers = { 'cache-control': 'no-store' }
  try {
    return Response.json(await work(), { headers })
  } catch (thrown) {
    const { code, httpStatus, publicMessage, field } = toAppError(thrown)
    return Response.json(
      { error: { code, message: publicMessage, field: field ?? null } },
      { status: httpStatus, headers },
    )
  }
}
