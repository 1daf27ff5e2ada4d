/** The input of a batch, streamed into the store of the viewer's organisation. */
import { viewerFromHeaders } from '@isochrone/api'
import { platform } from '~/server/platform.ts'

export async function POST(request: Request): Promise<Response> {
  const held = await platform()
  return held.fileUpload(request, await viewerFromHeaders(held, request.headers))
}
