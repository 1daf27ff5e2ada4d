/**
 * Models that some node has offered: here, or at any gateway within a day. It tells a model that does not exist (404)
 * from one that nobody serves at this moment (503).
 */
import { nodeLiveness } from '@isochrone/protocol'
import type { Sessions } from '../../ports.ts'

export interface KnownModels {
  has(model: string): boolean
  /** False until a node was seen: nobody can say then what exists. */
  readonly any: boolean
  /** Learns from what gateways have written of their nodes: the values of the liveness hash. */
  learn(livenessTexts: readonly string[], nowMs: number): void
}

const MODELS_MAX = 10_000
const REMEMBERED_MS = 24 * 3_600_000

export function createKnownModels(sessions: Sessions): KnownModels {
  const models = new Set<string>()
  const add = (model: string): void => {
    if (models.size < MODELS_MAX) models.add(model)
  }
  const addLinked = (): void => {
    for (const session of sessions.all()) for (const { model } of session.models) add(model)
  }
  sessions.onChange(addLinked)
  addLinked()
  return {
    // What is linked now is known even when the memory is full: no node can fill it to hide another's model.
    has: (model) =>
      models.has(model) || sessions.all().some((session) => session.models.some((served) => served.model === model)),
    get any() {
      return models.size > 0
    },
    learn(livenessTexts, nowMs) {
      for (const text of livenessTexts) {
        const liveness = nodeLiveness.safeParse(tryJson(text)).data
        if (!liveness || nowMs - liveness.seenAtMs > REMEMBERED_MS) continue
        for (const { model } of liveness.models) add(model)
      }
    },
  }
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
