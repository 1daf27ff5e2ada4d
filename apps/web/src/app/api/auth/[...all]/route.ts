/** Sign-in endpoints, answered by better-auth: those of `authAccess`. */
import { platform } from '~/server/platform.ts'

export async function POST(request: Request): Promise<Response> {
  return (await platform()).auth.handler(request)
}
