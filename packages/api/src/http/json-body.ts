/** Reads a JSON body of bounded size. Throws `payload_too_large` and `invalid_input`. */
import { AppError } from '@isochrone/domain'

export async function jsonBody(request: Request, bytesMax: number): Promise<unknown> {
  const tooLarge = new AppError('payload_too_large', { publicMessage: `The body has more than ${bytesMax} bytes.` })
  if (Number(request.headers.get('content-length') ?? 0) > bytesMax) throw tooLarge
  let bytes = 0
  const chunks: Uint8Array[] = []
  for await (const chunk of request.body ?? []) {
    bytes += chunk.length
    if (bytes > bytesMax) throw tooLarge
    chunks.push(chunk)
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch (cause) {
    throw new AppError('invalid_input', { publicMessage: 'The body is not JSON.', field: 'body', cause })
  }
}
