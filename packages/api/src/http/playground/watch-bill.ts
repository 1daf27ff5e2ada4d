/** Passes a stream of server-sent events on unchanged and reads the price out of its closing chunk. */

/** A closing chunk holds the whole placement. A longer line is passed on and not read. */
const LINE_CHARACTERS_MAX = 1024 * 1024

/**
 * @param onEnd called once, when the stream ended, failed or was left: the price in µUSD, null where it said none.
 */
export function watchBill(
  stream: ReadableStream<Uint8Array>,
  onEnd: (priceMicroUsd: bigint | null) => void,
): ReadableStream<Uint8Array> {
  const reader = stream.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  let price: bigint | null = null
  let told = false
  const tell = () => {
    if (told) return
    told = true
    onEnd(price)
  }
  const read = (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > LINE_CHARACTERS_MAX) rest = ''
    for (const line of lines) price = priceIn(line) ?? price
  }
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await reader.read()
        if (done) {
          tell()
          controller.close()
          return
        }
        read(decoder.decode(value, { stream: true }))
        controller.enqueue(value)
      } catch (error) {
        tell()
        controller.error(error)
      }
    },
    async cancel(reason) {
      tell()
      await reader.cancel(reason)
    },
  })
}

function priceIn(line: string): bigint | null {
  if (!line.startsWith('data: ') || !line.includes('"priceMicroUsd"')) return null
  try {
    const { isochrone } = JSON.parse(line.slice(6)) as { isochrone?: { priceMicroUsd?: unknown } }
    const text = isochrone?.priceMicroUsd
    return typeof text === 'string' && /^\d{1,20}$/.test(text) ? BigInt(text) : null
  } catch {
    return null
  }
}
