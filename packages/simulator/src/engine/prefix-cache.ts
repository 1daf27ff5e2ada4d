/**
 * The prefix cache of one replica: least recently used blocks, by the hash of each block's whole prefix.
 *
 * Of one prompt the last block is the oldest, so a prefix loses its tail first and never keeps a block that it cannot
 * reach. Its room is `kvTokens`, apart from the room of running streams (market.json, `prefix.kvWhy`).
 */
export class PrefixCache {
  private readonly blocks = new Map<number, true>()
  private readonly blocksMax: number

  constructor(blocksMax: number) {
    this.blocksMax = blocksMax
  }

  get size(): number {
    return this.blocks.size
  }

  /** How many leading blocks of the prompt are here. */
  match(hashes: readonly number[]): number {
    let matched = 0
    while (matched < hashes.length && this.blocks.has(hashes[matched] as number)) matched++
    return matched
  }

  /** Puts the prompt's blocks in front, and drops the oldest ones past the limit. */
  insert(hashes: readonly number[]): void {
    for (let i = Math.min(hashes.length, this.blocksMax) - 1; i >= 0; i--) {
      const hash = hashes[i] as number
      this.blocks.delete(hash)
      this.blocks.set(hash, true)
    }
    for (const hash of this.blocks.keys()) {
      if (this.blocks.size <= this.blocksMax) break
      this.blocks.delete(hash)
    }
  }

  clear(): void {
    this.blocks.clear()
  }
}
