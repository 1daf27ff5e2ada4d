/** Which replica a hedge goes to. */

export interface HedgeView {
  failureDomainOf(slot: number): string | number
  /** Whether it may still serve this request: present, inside the policy, and expected to keep its SLO. */
  hasSlack(slot: number): boolean
}

/**
 * The first alternate of the decision in another failure domain that still has slack, or null. Alternates keep every
 * constraint of the policy, and a request without fallbacks has none: so a hedge can break neither.
 */
export function hedgeTargetOf(chosen: number, alternates: readonly number[], view: HedgeView): number | null {
  const domain = view.failureDomainOf(chosen)
  for (const slot of alternates) {
    if (slot !== chosen && view.failureDomainOf(slot) !== domain && view.hasSlack(slot)) return slot
  }
  return null
}
