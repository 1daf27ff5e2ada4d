/** The contracts of this marketplace, as `verify-epoch --deployment` reads them. Public: compare before you trust it. */
import { platform } from '~/server/platform.ts'

export async function GET(): Promise<Response> {
  const { deployment } = await platform()
  return Response.json(deployment, {
    headers: { 'content-disposition': 'attachment; filename="deployment.json"', 'cache-control': 'no-store' },
  })
}
