/**
 * A 53-bit hash of an id: the order of replicas inside a cell, which nobody can buy by registering early and which is
 * the same in every gateway. Two FNV-1a passes (draft-eastlake-fnv) with different offsets.
 */
export function hashId(id: string): number {
  let low = 0x811c9dc5
  let high = 0x01234567
  for (let i = 0; i < id.length; i++) {
    const code = id.charCodeAt(i)
    low = Math.imul(low ^ code, 0x01000193)
    high = Math.imul(high ^ (code + i), 0x01000193)
  }
  return (high >>> 11) * 4_294_967_296 + (low >>> 0)
}
