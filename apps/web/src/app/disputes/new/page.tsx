/** Files a dispute about one receipt, of a request or of a lease, with what it costs and until when it can be filed. */
import { notFound } from 'next/navigation'
import { FilingPage } from '~/components/disputes/filing-page.tsx'
import { Money, Utc } from '~/components/ui/values.tsx'
import { readSearch, type SearchParams } from '~/lib/page/search.ts'
import { pageData } from '~/server/page-data.ts'
import { adminOnlyReason, requireOrganisation } from '~/server/require.ts'

export const metadata = { title: 'New dispute' }

const hints = {
  request: 'What happened, and what shows it. The provider and the arbiters read it; its hash goes on the chain.',
  lease:
    'When the lease did not serve, or by how much its time is too long, and what shows it. The provider and the arbiters read it; its hash goes on the chain.',
} as const

export default async function NewDisputePage({ searchParams }: { searchParams: SearchParams }) {
  const { lane = '', seq = '' } = await readSearch(searchParams)
  if (!/^0x[0-9a-f]{64}$/.test(lane) || !/^\d{1,15}$/.test(seq)) notFound()
  const path = `/disputes/new?lane=${lane}&seq=${seq}`
  const org = await requireOrganisation(path)
  const terms = await pageData(path, (api) => api.disputes.filingTerms({ lane, seq: Number(seq) }))
  const { about, leftMicroUsd, bondMicroUsd, untilMs } = terms
  return (
    <FilingPage
      title={`Dispute ${about === 'lease' ? 'lease receipt' : 'receipt'} ${seq}`}
      description="Three arbiters judge it by what you hand in, what the provider answers and what is signed."
      about={{ href: `/receipts/${lane}/${seq}`, label: 'The receipt' }}
      facts={[
        ['Left to refund', <Money key="l" microUsd={leftMicroUsd} />],
        ['Filed by', terms.by === 'platform' ? 'the platform’s account, for your managed channel' : 'your own wallet'],
        ['Open until', untilMs === null ? '—' : <Utc key="u" at={untilMs} />],
      ]}
      bondMicroUsd={bondMicroUsd}
      bondBack=" unless the dispute is dismissed"
      refusal={terms.refusal}
      subject={{ kind: 'receipt', about, lane, seq: Number(seq), leftMicroUsd }}
      hint={hints[about]}
      disabledReason={adminOnlyReason(org)}
      earlier={terms.earlier}
    />
  )
}
