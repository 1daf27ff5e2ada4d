/** `POST /api/agent/report`: what a running agent says of itself, signed by its node key. Errors as of `agent-join.ts`. */
import { toAppError } from '@isochrone/domain'
import type { ControlPlane } from '@isochrone/services'
import { jsonBody } from './json-body.ts'

const BODY_BYTES_MAX = 128 * 1024

export async function agentReport(
  providers: Pick<ControlPlane['providers'], 'agentReport'>,
  request: Request,
): Promise<Response> {
  const headers = { 'cache-control': 'no-store' }
  try {
    return Response.json(await providers.agentReport({ body: await jsonBody(request, BODY_BYTES_MAX) }), { headers })
  } catch (thrown) {
    const { code, httpStatus: status, publicMessage: message, field } = toAppError(thrown)
    return Response.json({ error: { code, message, field: field ?? null } }, { status, headers })
  }
}
