/** A streamed answer for the playground, by the person's own key or by one that never leaves this process. */
import { viewerFromHeaders } from '@isochrone/api'
import { platform } from '~/server/platform.ts'

export async function POST(request: Request): Promise<Response> {
  const held = await platform()
  return held.playground(request, await viewerFromHeaders(held, request.headers))
}
