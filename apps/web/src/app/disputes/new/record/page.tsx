/** Says that a node's performance record is wrong. Three arbiters are drawn, and two judge it before the record releases any pay. */
import { counted } from '@isochrone/domain'
import type { RecordStatus } from '@isochrone/domain'
import { notFound } from 'next/navigation'
import { FilingPage } from '~/components/disputes/filing-page.tsx'
import { RecordStatusBadge } from '~/components/status.tsx'
import { Hash, Money, Utc } from '~/components/ui/values.tsx'
import { addressOf, formatCount, shortHash } from '~/lib/words/format.ts'
import { readSearch, type SearchParams } from '~/lib/page/search.ts'
import { filingBonds } from '~/server/context.ts'
import { pageData } from '~/server/page-data.ts'
import { adminOnlyReason, requireOrganisation } from '~/server/require.ts'

export const metadata = { title: 'Challenge a record' }

export default async function ChallengePage({ searchParams }: { searchParams: SearchParams }) {
  const { lane = '', epoch: text = '', node: nodeId = '' } = await readSearch(searchParams)
  const isName = (value: string) => /^0x[0-9a-f]{64}$/.test(value)
  if (!isName(lane) || !isName(nodeId) || !/^\d{1,15}$/.test(text)) notFound()
  const path = `/disputes/new/record?lane=${lane}&epoch=${text}&node=${nodeId}`
  const org = await requireOrganisation(path)
  const record = await pageData(path, (api) => api.epochs.record({ lane, nodeId, epoch: Number(text) }))
  const { record: bondMicroUsd } = await filingBonds()
  return (
    <FilingPage
      title={`Challenge the record of ${record.node?.name ?? shortHash(addressOf(nodeId))}`}
      description={`Of epoch ${text}. While it is judged, the pay that it would release waits.`}
      badges={<RecordStatusBadge status={record.status} />}
      about={{ href: `/epochs/${lane}/${text}/records/${nodeId}`, label: 'The record' }}
      facts={[
        ['Lane', <Hash key="l" value={addressOf(lane)} label="lane key" />],
        ['It releases', <Money key="m" microUsd={record.earnedMicroUsd} />],
        ['It says', `${counted(record.attempts, 'attempt', 'attempts')}, ${formatCount(record.faults)} at fault`],
        ['Can be final from', record.finalAtMs === null ? '—' : <Utc key="u" at={record.finalAtMs} />],
      ]}
      bondMicroUsd={bondMicroUsd}
      bondBack=", with a share of the penalty, where the record is invalid"
      command={{ label: 'find what is wrong first', code: `npm run challenge -- ${text}` }}
      refusal={refusalOf(record.status)}
      subject={{ kind: 'record', lane, epoch: Number(text), nodeId }}
      hint="Which count is wrong, by which receipts, and what it should be. Its hash goes on the chain."
      disabledReason={adminOnlyReason(org)}
    />
  )
}

function refusalOf(status: RecordStatus): string | null {
  if (status === 'reported') return null
  return status === 'signed'
    ? 'This record is not on the chain yet: it can be challenged once it is.'
    : 'This record can no longer be challenged: that is possible between its report and the end of its window.'
}
