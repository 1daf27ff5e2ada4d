/** What the wizard's step of models offers: what this node's agent reports, what was saved, and what the network knows. */
import type { DetectedModel, ListingDetail, ModelStep } from '@isochrone/services'

export const engineWords: Record<ModelStep['engine'], string> = {
  'llama.cpp': 'llama.cpp',
  vLLM: 'vLLM',
  SGLang: 'SGLang',
  Ollama: 'Ollama',
  other: 'another OpenAI-compatible server',
  simulated: 'simulated',
}

export interface Build {
  model: string
  modelHash: string
  /** Other nodes on the market that serve it. */
  nodes: number
  simulated: boolean
  /** As this node's agent reports it; null where it does not. */
  served: DetectedModel | null
}

/** Each build once: the agent's own first, then what was saved, then the network's. */
export function buildsOf({ node, draft, knownModels }: Pick<ListingDetail, 'node' | 'draft' | 'knownModels'>): Build[] {
  const builds = new Map<string, Build>()
  const add = (build: Build) => {
    const key = `${build.model} ${build.modelHash}`
    const before = builds.get(key)
    builds.set(key, before ? { ...before, nodes: Math.max(before.nodes, build.nodes) } : build)
  }
  for (const served of node?.models ?? []) {
    add({ model: served.model, modelHash: served.modelHash, nodes: 0, simulated: served.simulated, served })
  }
  for (const saved of draft.models?.models ?? []) add({ ...saved, nodes: 0, simulated: false, served: null })
  for (const known of knownModels) add({ ...known, served: null })
  return [...builds.values()]
}
