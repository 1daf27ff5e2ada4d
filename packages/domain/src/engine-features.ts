/**
 * What an engine can do beyond plain text, by name: nodes say it in HELLO, placement masks by it, requests need it.
 *
 * A node that says nothing may be asked for whatever such a node was asked for before there were names; it refuses itself.
 */
export const engineFeatures = [
  'chat',
  'completions',
  'embeddings',
  'tools',
  'json_object',
  'json_schema',
  'logprobs',
  'n',
  'seed',
  'images',
  'audio',
  'files',
  'penalties',
  'logit_bias',
  'reasoning',
  'web_search',
  /** Completions: several prompts, prompts of token ids, the prompt in the answer, text behind the gap, the best of several. */
  'prompts',
  'token_prompts',
  'echo',
  'suffix',
  'best_of',
  /** Goes on with an answer whose first part is given. */
  'continuation',
] as const
export type EngineFeature = (typeof engineFeatures)[number]

const bitOf: ReadonlyMap<string, number> = new Map(engineFeatures.map((name, index) => [name, 1 << index]))

/** What nodes that name no features may be tried for. */
const UNSAID = new Set<EngineFeature>(['embeddings', 'continuation'])
const unsaidMask = featureMask(engineFeatures.filter((name) => !UNSAID.has(name)))

/** One bit for each known name; unknown names add nothing. */
export function featureMask(names: Iterable<string>): number {
  let mask = 0
  for (const name of names) mask |= bitOf.get(name) ?? 0
  return mask
}

/** The mask of a node's own list; absent is what was possible before there were lists. */
export function offeredFeatures(names: readonly string[] | undefined): number {
  return names === undefined ? unsaidMask : featureMask(names)
}

/** The names of a mask, in the order of the list. */
export function featureNames(mask: number): EngineFeature[] {
  return engineFeatures.filter((_name, index) => (mask & (1 << index)) !== 0)
}
