/** The terms that a receipt names: whose, where they are registered, and what they promise. */
import type { TermsView } from '@isochrone/services'
import { Facts } from '~/components/ui/facts.tsx'
import { Hash } from '~/components/ui/values.tsx'
import { promiseLines } from '~/lib/listing/promises.ts'
import type { Fields } from '~/lib/verify/signed-structs.ts'

export function TermsFacts({ terms, values }: { terms: TermsView; values: Fields }) {
  return (
    <Facts
      items={[
        ['Terms', <Hash key="t" value={terms.hash} label="terms hash" />],
        ['Provider', <Hash key="p" value={terms.providerId} label="provider id" />],
        ['Listing', <Hash key="d" value={String(values.documentHash)} label="document hash" />],
        [
          'On the chain',
          terms.registeredTx ? (
            <Hash key="r" value={terms.registeredTx} label="transaction that registered the terms" />
          ) : (
            'not yet'
          ),
        ],
        ...promiseLines(values).map(({ label, text }) => [label, text] as const),
      ]}
    />
  )
}
