/**
 * A number in [0, 1) that depends on its arguments alone: the same fault for every policy, whatever it drew before.
 *
 * MurmurHash3's 32-bit finaliser (Appleby) over each part in turn.
 */
export function hashUnit(...parts: readonly number[]): number {
  return hash32(...parts) / 4_294_967_296
}

/** As `hashUnit`, as an unsigned 32-bit integer: a seed for a stream of its own. */
export function hash32(...parts: readonly number[]): number {
  let hash = 0x9e3779b9
  for (const part of parts) {
    hash = Math.imul(hash ^ part, 0x85ebca6b)
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
    hash ^= hash >>> 16
  }
  return hash >>> 0
}
