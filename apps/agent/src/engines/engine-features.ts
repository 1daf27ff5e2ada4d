/**
 * What is presumed of a server that does not list its features: whatever it does not refuse itself, and what its
 * documentation says where it names itself in its model list (`owned_by`).
 *
 * What a gateway must rely on is presumed of nobody: an unknown server is promised no continuation.
 */
import { featureNames, offeredFeatures, type EngineFeature } from '@isochrone/domain'

/**
 * `continuation`: `continue_final_message` with `add_generation_prompt: false` (vLLM and SGLang, chat protocol), or ours.
 */
const documented: Readonly<Record<string, readonly EngineFeature[]>> = {
  vllm: ['continuation', 'embeddings'],
  sglang: ['continuation', 'embeddings'],
  isochrone: ['continuation'],
  simulated: ['continuation'],
}

/** Features of a model whose server calls itself `ownedBy`. */
export function presumedFeatures(ownedBy: string | undefined): EngineFeature[] {
  const known = ownedBy !== undefined && Object.hasOwn(documented, ownedBy) ? documented[ownedBy] : undefined
  return [...featureNames(offeredFeatures(undefined)), ...(known ?? [])]
}
