/**
 * A made-up conversation trace for whoever has no real one: all prompts begin with the service's own prompt, turns of one
 * conversation build on each other.
 *
 * It shows that the prefix scenario runs, and nothing about real users.
 */
import { prng } from '@isochrone/domain'
import type { TraceRequest } from '../data/read-trace.ts'

export interface DemoConversationsInput {
  conversations: number
  spanMs: number
  blockTokens: number
  seed?: number
}

const turnsMax = 8
const blocksAtFirst = [2, 12] as const
const blocksPerTurn = [1, 6] as const
const meanThinkMs = 20_000

/** In order of arrival, the first at time 0. */
export function demoConversations(input: DemoConversationsInput): TraceRequest[] {
  const { conversations, spanMs, blockTokens, seed = 1 } = input
  const rng = prng(seed)
  const within = ([low, high]: readonly [number, number]) => low + rng.below(high - low + 1)
  let nextBlock = 1
  const requests: TraceRequest[] = []
  for (let n = 0; n < conversations; n++) {
    let atMs = rng.unit() * spanMs
    let blockIds = [0]
    const turns = 1 + rng.below(turnsMax)
    for (let turn = 0; turn < turns && atMs < spanMs; turn++) {
      const more = within(turn === 0 ? blocksAtFirst : blocksPerTurn)
      blockIds = [...blockIds, ...Array.from({ length: more }, () => nextBlock++)]
      const tokensIn = blockIds.length * blockTokens - rng.below(blockTokens)
      requests.push({ atMs, tokensIn, tokensOut: 50 + rng.below(400), blockIds })
      atMs += 5_000 - Math.log(1 - rng.unit()) * meanThinkMs
    }
  }
  const ordered = requests.toSorted((a, b) => a.atMs - b.atMs)
  const startMs = ordered[0]?.atMs ?? 0
  return ordered.map((request) => ({ ...request, atMs: request.atMs - startMs }))
}
