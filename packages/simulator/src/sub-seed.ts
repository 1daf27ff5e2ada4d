/** A seed for one purpose out of a run's seed, so that drawing more for one purpose changes no other (FNV-1a, 32 bits). */
export function subSeed(seed: number, purpose: string): number {
  let hash = 0x811c9dc5 ^ (seed | 0)
  for (let i = 0; i < purpose.length; i++) hash = Math.imul(hash ^ purpose.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return (hash ^ (hash >>> 13)) >>> 0
}
