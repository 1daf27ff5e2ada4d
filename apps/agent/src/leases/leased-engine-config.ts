/** The engine of a lease: the node's own kind, for as many GPUs as were rented. */
import type { ServedModel } from '@isochrone/protocol'
import type { EngineConfig } from '../engines/start-engine.ts'

/** Throws where the node serves no such model. A server of the provider's own serves the lease beside the public. */
export function leasedEngineConfig(
  config: EngineConfig,
  models: readonly ServedModel[],
  model: string,
  gpus: number,
): EngineConfig {
  if (!models.some((served) => served.model === model)) throw new Error(`this node does not serve ${model}`)
  return config.kind === 'simulated' ? { ...config, gpuCount: gpus } : config
}
