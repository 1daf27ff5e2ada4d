/** The first page of somebody who has no organisation yet: after signing in with a wallet, or after leaving one. */
import { redirect } from 'next/navigation'
import { CreateOrganisation } from '~/components/auth/create-organisation.tsx'
import { PageHeader } from '~/components/ui/page-header.tsx'
import { safeNext } from '~/lib/page/safe-next.ts'
import { readSearch, type SearchParams } from '~/lib/page/search.ts'
import { viewer } from '~/server/context.ts'

export const metadata = { title: 'Welcome' }

export default async function WelcomePage({ searchParams }: { searchParams: SearchParams }) {
  const next = safeNext((await readSearch(searchParams)).next)
  const person = await viewer()
  if (!person) redirect('/sign-in')
  if (person.activeOrganisation) redirect(next)
  return (
    <>
      <PageHeader
        title="Name your organisation"
        description="Keys, receipts, balance and nodes belong to an organisation, and every receipt names it as the one that paid or was paid."
      />
      <CreateOrganisation next={next} />
    </>
  )
}
