/**
 * Names each prefix by a number: the block *and* all before it, so that equal numbers mean equal prompts up to there.
 * Exact (no hashing, no collision), in order of first appearance.
 */
export interface PrefixChain {
  /** Numbers of a prompt's prefixes, shortest first. */
  hashesOf(blockIds: readonly number[]): number[]
  /** Prefixes so far; all numbers are below it. */
  size: number
}

export function prefixChain(): PrefixChain {
  const children: Map<number, number>[] = [new Map()]
  return {
    hashesOf(blockIds) {
      let parent = 0
      return blockIds.map((block) => {
        const known = children[parent] as Map<number, number>
        let child = known.get(block)
        if (child === undefined) {
          child = children.length
          children.push(new Map())
          known.set(block, child)
        }
        parent = child
        return child
      })
    },
    get size() {
      return children.length
    },
  }
}
