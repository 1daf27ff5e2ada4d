/** Says that the file of an anchored epoch is not to be had: without it nobody can check what its lane was paid for. */
import { notFound } from 'next/navigation'
import { FilingPage } from '~/components/disputes/filing-page.tsx'
import { Hash } from '~/components/ui/values.tsx'
import { addressOf, formatSpan } from '~/lib/words/format.ts'
import { readSearch, type SearchParams } from '~/lib/page/search.ts'
import { filingBonds } from '~/server/context.ts'
import { pageData } from '~/server/page-data.ts'
import { adminOnlyReason, requireOrganisation } from '~/server/require.ts'

export const metadata = { title: 'Withheld epoch file' }

export default async function WithheldPage({ searchParams }: { searchParams: SearchParams }) {
  const { lane = '', epoch: text = '' } = await readSearch(searchParams)
  if (!/^0x[0-9a-f]{64}$/.test(lane) || !/^\d{1,15}$/.test(text)) notFound()
  const path = `/disputes/new/epoch?lane=${lane}&epoch=${text}`
  const org = await requireOrganisation(path)
  const epoch = await pageData(path, (api) => api.epochs.detail({ lane, epoch: Number(text) }))
  const { withheld, fileS } = await filingBonds()
  return (
    <FilingPage
      title={`File of epoch ${text} is withheld`}
      description="A lane must publish what it anchored. Three arbiters judge whether anybody could have it."
      about={{ href: `/epochs/${lane}/${text}`, label: 'The epoch' }}
      facts={[
        ['Lane', <Hash key="l" value={addressOf(lane)} label="lane key" />],
        ['To be filed', `within ${formatSpan(fileS * 1_000)} after it was anchored`],
      ]}
      bondMicroUsd={withheld}
      bondBack=" unless the dispute is dismissed"
      command={
        epoch.fileUrl ? { label: 'try it first', code: `curl -fsS -o epoch.jsonl.gz '${epoch.fileUrl}'` } : undefined
      }
      refusal={
        epoch.anchoredTx
          ? null
          : 'This epoch is not anchored on the chain yet. Come back when it is: only then is a missing file a matter for arbiters.'
      }
      subject={{ kind: 'withheld', lane, epoch: Number(text) }}
      hint="When you asked, from where, and what came back: status codes, times, the hash of what you got instead."
      disabledReason={adminOnlyReason(org)}
    />
  )
}
