/** Opens an epoch file for the verifier, in pieces that are garbage before they have outlived two collections. */
import { createReadStream } from 'node:fs'

/**
 * Bytes read at a time. Larger pieces wait so long for the inflater that the engine takes them for lasting, and frees them
 * only when it collects everything, which a steady heap hardly makes it do: memory then grows by the size of the file.
 */
const PIECE_BYTES = 8 * 1024

export function openFile(path: string): AsyncIterable<Uint8Array> {
  return createReadStream(path, { highWaterMark: PIECE_BYTES }) as AsyncIterable<Uint8Array>
}
