/**
 * The same bytes in memory of their own, for what is kept while thousands of requests come and go.
 *
 * Small buffers of Node are pieces of a slab of 64 KiB that they share with whatever was made next to them, and a slab lives as
 * long as its last piece: one line that is kept for a minute keeps 64 KiB. Bytes that share with nobody are returned as they are.
 */
export function ownBytes(bytes: Buffer): Buffer {
  if (bytes.byteLength === bytes.buffer.byteLength) return bytes
  const own = Buffer.allocUnsafeSlow(bytes.byteLength)
  own.set(bytes)
  return own
}
