/**
 * Refuses at once what no linked node could serve whatever its load: a field that no engine of the model supports. The
 * refusal names the field, and the models whose engines do.
 *
 * Before a node of the model was ever linked nothing is known: placement answers then.
 */
import { AppError, featureMask, offeredFeatures, type RequestNeed } from '@isochrone/domain'
import { needsMask } from '@isochrone/scheduler'
import type { NodeSession } from '../../ports.ts'
import type { InferenceRequest } from './parse-request.ts'

const MODELS_NAMED_MAX = 8

/** Throws `invalid_input` with the field in `param` and `unsupported_field` as its reason. */
export function requireFeatures(
  sessions: readonly Pick<NodeSession, 'models'>[],
  { model, needs }: Pick<InferenceRequest, 'model' | 'needs'>,
): void {
  const wanted = needsMask(needs)
  let offered = 0
  let isServed = false
  for (const { models } of sessions) {
    for (const served of models) {
      if (served.model !== model) continue
      const features = offeredFeatures(served.features)
      if ((wanted & ~features) === 0) return
      isServed = true
      offered |= features
    }
  }
  if (!isServed) return
  const lacking = needs.find(({ feature }) => (featureMask([feature]) & ~offered) !== 0)
  throw lacking ? refusalOf(sessions, model, lacking) : togetherRefusal(model, needs)
}

function refusalOf(
  sessions: readonly Pick<NodeSession, 'models'>[],
  model: string,
  { feature, field }: RequestNeed,
): AppError {
  const bit = featureMask([feature])
  const others = new Set<string>()
  for (const { models } of sessions) {
    for (const served of models) {
      if (served.model !== model && (offeredFeatures(served.features) & bit) !== 0) others.add(served.model)
    }
  }
  const named = [...others].toSorted().slice(0, MODELS_NAMED_MAX)
  const elsewhere =
    named.length === 0
      ? 'No model that is linked now does.'
      : `Models that do: ${named.join(', ')}${others.size > named.length ? ', …' : ''}.`
  return new AppError('invalid_input', {
    publicMessage: `'${field}' is not supported: no node that serves ${model} offers '${feature}'. ${elsewhere}`,
    field,
    details: { reason: 'unsupported_field' },
  })
}

function togetherRefusal(model: string, needs: readonly RequestNeed[]): AppError {
  const fields = needs.map(({ feature }) => feature).join(', ')
  const field = needs.at(-1)?.field
  return new AppError('invalid_input', {
    publicMessage: `No single node that serves ${model} offers all of what this request asks for: ${fields}.`,
    ...(field !== undefined && { field }),
    details: { reason: 'unsupported_field' },
  })
}
