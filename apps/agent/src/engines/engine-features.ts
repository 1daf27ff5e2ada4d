/**
 * What the server behind a model is known to do, by the name that it gives itself in its model list (`owned_by`).
 *
 * Only what its own documentation says and a gateway may rely on; an unknown server is promised nothing.
 */
import { engineFeature } from '@isochrone/protocol'

/**
 * `continuation`: `continue_final_message` with `add_generation_prompt: false` (vLLM and SGLang, chat protocol), or ours.
 */
const features: Readonly<Record<string, readonly string[]>> = {
  vllm: [engineFeature.continuation],
  sglang: [engineFeature.continuation],
  isochrone: [engineFeature.continuation],
  simulated: [engineFeature.continuation],
}

/** Features of a model whose server calls itself `ownedBy`. */
export function featuresOf(ownedBy: string | undefined): string[] {
  return [...((ownedBy !== undefined && Object.hasOwn(features, ownedBy) && features[ownedBy]) || [])]
}
