/** How an agent with a one-time token joins the market. */
import { agentJoin, describeAgentJoin } from '@isochrone/api'
import { platform } from '~/server/platform.ts'

export async function GET(request: Request): Promise<Response> {
  return describeAgentJoin((await platform()).controlPlane.providers, request)
}

export async function POST(request: Request): Promise<Response> {
  return agentJoin((await platform()).controlPlane.providers, request)
}
