/** A file of the viewer's organisation, as it is stored, a chunk at a time. Anybody else's is 404. */
import { activeOrganisation } from '@isochrone/api'
import { AppError, toAppError } from '@isochrone/domain'
import { viewer } from '~/server/context.ts'
import { platform } from '~/server/platform.ts'

export async function GET(_request: Request, { params }: { params: Promise<{ id: string }> }): Promise<Response> {
  try {
    const { controlPlane } = await platform()
    const person = await viewer()
    if (!person) throw new AppError('unauthenticated', { publicMessage: 'Sign in first.' })
    const organisation = activeOrganisation(person)
    const { id } = await params
    const { filename, bytes, content } = await controlPlane.batches.openFile({ orgId: organisation.id, id })
    return new Response(streamOf(content), {
      headers: {
        'content-type': 'application/octet-stream',
        'content-length': String(bytes),
        'content-disposition': `attachment; filename="${filename.replaceAll(/[^\w.-]/g, '_')}"`,
        'x-content-type-options': 'nosniff',
      },
    })
  } catch (thrown) {
    const { httpStatus, publicMessage } = toAppError(thrown)
    return new Response(publicMessage, { status: httpStatus })
  }
}

function streamOf(content: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await content.next()
      if (done === true) controller.close()
      else controller.enqueue(value)
    },
    async cancel() {
      await content.return(undefined)
    },
  })
}
