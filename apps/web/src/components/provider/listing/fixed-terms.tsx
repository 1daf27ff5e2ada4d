/** What prices and promises become: said where they are chosen, not only where they are submitted. */
export function FixedTerms({ what }: { what: 'Prices' | 'Promises' }) {
  return (
    <p className="text-xs text-ink-3">
      {what} become part of the node’s terms once you check and list it, and the terms of a live node are never edited.
      To change them then, take the node off the market and list its machine again, as a new listing.
    </p>
  )
}
