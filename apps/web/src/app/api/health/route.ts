/** 200 when this process and what it needs answer; 503 with the owner of the trouble when not. */
import { toAppError } from '@isochrone/domain'
import { platform } from '~/server/platform.ts'

export const dynamic = 'force-dynamic'

export async function GET(): Promise<Response> {
  const headers = { 'cache-control': 'no-store' }
  try {
    await (await platform()).ping()
    return Response.json({ status: 'ok' }, { headers })
  } catch (thrown) {
    const { code, owner } = toAppError(thrown)
    return Response.json({ status: 'unavailable', code, owner }, { status: 503, headers })
  }
}
