/** Files a dispute about one receipt, with what it costs and until when it can be filed. */
import { formatUsd } from '@isochrone/domain'
import { notFound } from 'next/navigation'
import { DisputesTable } from '~/components/disputes/disputes-table.tsx'
import { FileForm } from '~/components/disputes/file-form.tsx'
import { ButtonLink } from '~/components/ui/button.tsx'
import { Facts } from '~/components/ui/facts.tsx'
import { Notice } from '~/components/ui/notice.tsx'
import { PageHeader, Section } from '~/components/ui/page-header.tsx'
import { Money, Utc } from '~/components/ui/values.tsx'
import { readSearch, type SearchParams } from '~/lib/search.ts'
import { chainContext } from '~/server/context.ts'
import { pageData } from '~/server/page-data.ts'
import { adminOnlyReason, requireOrganisation } from '~/server/require.ts'

export const metadata = { title: 'New dispute' }

export default async function NewDisputePage({ searchParams }: { searchParams: SearchParams }) {
  const { lane = '', seq = '' } = await readSearch(searchParams)
  if (!/^0x[0-9a-f]{64}$/.test(lane) || !/^\d{1,15}$/.test(seq)) notFound()
  const path = `/disputes/new?lane=${lane}&seq=${seq}`
  const org = await requireOrganisation(path)
  const terms = await pageData(path, (api) => api.disputes.filingTerms({ lane, seq: Number(seq) }))
  const { chainId, rpcUrl } = await chainContext()
  return (
    <>
      <PageHeader
        trail={[{ href: '/disputes', label: 'Disputes' }]}
        title={`Dispute receipt ${seq}`}
        description="Three arbiters judge it by what you hand in, what the provider answers and what is signed."
        actions={<ButtonLink href={`/receipts/${lane}/${seq}`}>The receipt</ButtonLink>}
      />
      <div className="mb-5 max-w-xl">
        <Facts
          items={[
            ['Left to refund', <Money key="l" microUsd={terms.leftMicroUsd} />],
            ['Bond', `${formatUsd(terms.bondMicroUsd)}; back unless the dispute is dismissed`],
            [
              'Filed by',
              terms.by === 'platform' ? 'the platform’s account, for your managed channel' : 'your own wallet',
            ],
            ['Open until', terms.untilMs === null ? '—' : <Utc key="u" at={terms.untilMs} />],
          ]}
        />
      </div>
      {terms.refusal === null ? (
        <FileForm
          lane={lane}
          seq={Number(seq)}
          terms={terms}
          chainId={chainId}
          rpcUrl={rpcUrl}
          disabledReason={adminOnlyReason(org)}
        />
      ) : (
        <Notice tone="warn">{terms.refusal}</Notice>
      )}
      {terms.earlier.length > 0 && (
        <div className="mt-8">
          <Section title="Disputes about this receipt">
            <DisputesTable
              label="Disputes about this receipt"
              path="/disputes"
              items={terms.earlier}
              nowMs={Date.now()}
              empty={null}
            />
          </Section>
        </div>
      )}
    </>
  )
}
