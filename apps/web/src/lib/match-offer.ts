/** Free-text search over what a person sees of an offer: every word must occur somewhere. */
import type { Offer } from '@isochrone/services'

export function matchesOffer(offer: Offer, query: string | undefined): boolean {
  const words = (query ?? '').toLowerCase().split(/\s+/).filter(Boolean)
  const models = offer.models.map(({ model, quantisation }) => `${model} ${quantisation}`).join(' ')
  const text = `${offer.name} ${offer.providerName} ${offer.hardware} ${offer.region} ${offer.country} ${models}`
  return words.every((word) => text.toLowerCase().includes(word))
}
