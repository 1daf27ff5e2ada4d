/** What came by a socket, as bytes. */
import type { RawData } from 'ws'

/** Messages arrive whole: `nodebuffer` is the default binary type. */
export function messageBytes(data: RawData): Uint8Array {
  if (Array.isArray(data)) return Buffer.concat(data)
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data
}
