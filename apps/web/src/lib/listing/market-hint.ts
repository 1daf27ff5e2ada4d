/** Least, middle and most of what offers ask that are like a listing's node, and in what they are like it. */
import { formatUsd } from '@isochrone/domain'
import type { DetectedNode, MarketBasis, MarketPrice } from '@isochrone/services'

type Like = (Pick<DetectedNode, 'gpuClass'> & { models: readonly { model: string }[] | null }) | null

export function marketHint({ basis, values }: MarketPrice, node: Like): string {
  const [first] = values
  const middle = values[Math.floor((values.length - 1) / 2)]
  const last = values.at(-1)
  if (first === undefined || middle === undefined || last === undefined) return `Nobody offers ${nobodyWords(node)}.`
  const offers = `${values.length} offer${values.length === 1 ? '' : 's'} ${basisWords(basis, node)}`
  return `${offers}: ${formatUsd(first)} · middle ${formatUsd(middle)} · ${formatUsd(last)}`
}

function basisWords(basis: MarketBasis, node: Like): string {
  switch (basis) {
    case 'model_and_class':
      return `of ${modelsOf(node)} on ${classOf(node)}`
    case 'model':
      return `of ${modelsOf(node)}, none on ${classOf(node)}`
    case 'class':
      return `on ${classOf(node)}, of other models`
    case 'all':
      return 'of all kinds, until the agent says what this node is'
    case 'nobody':
      return ''
  }
}

function nobodyWords(node: Like): string {
  return node ? `${modelsOf(node)} or ${classOf(node)} at such a price` : 'such a price'
}

const classOf = (node: Like): string => node?.gpuClass ?? 'its hardware'

function modelsOf(node: Like): string {
  const [first, ...more] = node?.models ?? []
  if (!first) return 'its models'
  return more.length > 0 ? 'its models' : first.model
}
