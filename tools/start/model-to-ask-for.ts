/** The model of the printed curl: one that is computed for real, so the person's own where they brought one. */
import { StartError } from './start-error.ts'

interface ListedModel {
  readonly id: string
  readonly isochrone: { readonly nodes: number; readonly simulatedNodes: number }
}

/** @throws StartError when the gateway lists none. */
export async function modelToAskFor(gatewayUrl: string, apiKey: string): Promise<string> {
  const response = await fetch(`${gatewayUrl}/v1/models`, { headers: { authorization: `Bearer ${apiKey}` } })
  if (!response.ok) throw new StartError(`The gateway lists no models (status ${response.status}).`)
  const { data } = (await response.json()) as { data: ListedModel[] }
  const model = chooseModel(data)
  if (!model) throw new StartError('No node serves a model.')
  return model
}

/** The first model that a node computes, else one that is simulated alone. */
export function chooseModel(models: readonly ListedModel[]): string | undefined {
  const real = models.find(({ isochrone }) => isochrone.nodes > isochrone.simulatedNodes)
  return (real ?? models[0])?.id
}
