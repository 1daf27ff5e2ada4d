/** The chain for browsers of people who are signed in, where the deployment names no public endpoint. */
import { relayToChain, viewerFromHeaders } from '@isochrone/api'
import { platform } from '~/server/platform.ts'

export async function POST(request: Request): Promise<Response> {
  const held = await platform()
  return relayToChain(
    { rpcUrl: held.env.CHAIN_RPC_URL, viewer: await viewerFromHeaders(held, request.headers) },
    request,
  )
}
