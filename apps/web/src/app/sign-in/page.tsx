/** Sign in with email and password or with a wallet. */
import { redirect } from 'next/navigation'
import { AuthForm } from '~/components/auth/auth-form.tsx'
import { safeNext } from '~/lib/page/safe-next.ts'
import { readSearch, type SearchParams } from '~/lib/page/search.ts'
import { chainContext, viewer } from '~/server/context.ts'

export const metadata = { title: 'Sign in' }

export default async function SignInPage({ searchParams }: { searchParams: SearchParams }) {
  const next = safeNext((await readSearch(searchParams)).next)
  if (await viewer()) redirect(next)
  return <AuthForm mode="sign-in" next={next} chainId={(await chainContext()).chainId} />
}
