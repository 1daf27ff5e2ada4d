/** The API over HTTP, for programs: the same procedures, with the same rights, as the pages call in-process. */
import { appRouter, openedFor, viewerFromHeaders } from '@isochrone/api'
import { fetchRequestHandler } from '@trpc/server/adapters/fetch'
import { platform } from '~/server/platform.ts'

async function handle(request: Request): Promise<Response> {
  const held = await platform()
  return fetchRequestHandler({
    endpoint: '/api/trpc',
    req: request,
    router: appRouter,
    createContext: async () => ({
      controlPlane: held.controlPlane,
      viewer: await viewerFromHeaders(held, request.headers),
      openedFor: openedFor(request.headers),
    }),
  })
}

export { handle as GET, handle as POST }
