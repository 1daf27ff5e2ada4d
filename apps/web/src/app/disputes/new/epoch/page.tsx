/** Says that the file of an anchored epoch is not to be had: without it nobody can check what its lane was paid for. */
import { formatUsd, usdFromMicroUsd } from '@isochrone/domain'
import { notFound } from 'next/navigation'
import { EvidenceForm } from '~/components/disputes/evidence-form.tsx'
import { ButtonLink } from '~/components/ui/button.tsx'
import { CodeBlock } from '~/components/ui/code-block.tsx'
import { Facts } from '~/components/ui/facts.tsx'
import { Notice } from '~/components/ui/notice.tsx'
import { PageHeader } from '~/components/ui/page-header.tsx'
import { Hash } from '~/components/ui/values.tsx'
import { addressOf } from '~/lib/format.ts'
import { readSearch, type SearchParams } from '~/lib/search.ts'
import { chainContext, filingBonds } from '~/server/context.ts'
import { pageData } from '~/server/page-data.ts'
import { adminOnlyReason, requireOrganisation } from '~/server/require.ts'

export const metadata = { title: 'Withheld epoch file' }

export default async function WithheldPage({ searchParams }: { searchParams: SearchParams }) {
  const { lane = '', epoch: text = '' } = await readSearch(searchParams)
  if (!/^0x[0-9a-f]{64}$/.test(lane) || !/^\d{1,15}$/.test(text)) notFound()
  const path = `/disputes/new/epoch?lane=${lane}&epoch=${text}`
  const org = await requireOrganisation(path)
  const epoch = await pageData(path, (api) => api.epochs.detail({ lane, epoch: Number(text) }))
  const { chainId, rpcUrl } = await chainContext()
  const { withheld } = await filingBonds()
  return (
    <>
      <PageHeader
        trail={[{ href: '/disputes', label: 'Disputes' }]}
        title={`File of epoch ${text} is withheld`}
        description="A lane must publish what it anchored. Three arbiters judge whether anybody could have it."
        actions={<ButtonLink href={`/epochs/${lane}/${text}`}>The epoch</ButtonLink>}
      />
      <div className="mb-5 flex max-w-xl flex-col gap-3">
        <Facts
          items={[
            ['Lane', <Hash key="l" value={addressOf(lane)} label="lane key" />],
            ['Bond', `${formatUsd(withheld)}; back unless the dispute is dismissed`],
          ]}
        />
        {epoch.fileUrl && <CodeBlock label="try it first" code={`curl -fsS -o epoch.jsonl.gz '${epoch.fileUrl}'`} />}
      </div>
      {epoch.anchoredTx ? (
        <EvidenceForm
          subject={{ kind: 'withheld', lane, epoch: Number(text) }}
          bond={usdFromMicroUsd(withheld)}
          hint="When you asked, from where, and what came back: status codes, times, the hash of what you got instead."
          chainId={chainId}
          rpcUrl={rpcUrl}
          disabledReason={adminOnlyReason(org)}
        />
      ) : (
        <Notice tone="warn">
          This epoch is not anchored on the chain yet. Come back when it is: only then is a missing file a matter for
          arbiters.
        </Notice>
      )}
    </>
  )
}
