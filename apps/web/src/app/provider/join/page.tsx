/** Admits one node to the market with a join token. */
import { redirect } from 'next/navigation'
import { JoinForm } from '~/components/provider/join-form.tsx'
import { PageHeader } from '~/components/ui/page-header.tsx'
import { webUrl } from '~/server/context.ts'
import { adminOnlyReason, requireOrganisation } from '~/server/require.ts'

export const metadata = { title: 'Add a node' }

export default async function JoinPage() {
  const organisation = await requireOrganisation('/provider/join')
  if (!organisation.providerId) redirect('/provider')
  return (
    <>
      <PageHeader
        trail={[{ href: '/provider', label: 'Nodes & earnings' }]}
        title="Add a node"
        description="Name it, say where it stands, what it costs and what it promises. Together these are the terms that receipts refer to by hash."
      />
      <JoinForm webUrl={await webUrl()} disabledReason={adminOnlyReason(organisation)} />
    </>
  )
}
