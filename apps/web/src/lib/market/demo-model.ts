/** The model that ships with the project: real to run, with random weights, so the pages say that it talks nonsense. */
import type { Offer } from '@isochrone/services'

/** Its id starts so; see the agent's model writer. */
const DEMO_MODEL_PREFIX = 'isochrone-demo'

/** Whether an offer serves the demo model on a real engine. */
export function servesDemoModel(offer: Pick<Offer, 'models'>): boolean {
  return offer.models.some(({ model, simulated }) => !simulated && isDemoModel(model))
}

export function isDemoModel(model: string): boolean {
  return model.startsWith(DEMO_MODEL_PREFIX)
}
