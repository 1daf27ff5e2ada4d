/** Where a running agent says what it is and what it serves. */
import { agentReport } from '@isochrone/api'
import { platform } from '~/server/platform.ts'

export async function POST(request: Request): Promise<Response> {
  return agentReport((await platform()).controlPlane.providers, request)
}
