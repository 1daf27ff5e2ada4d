'use client'
/** Sign in or sign up with email and password, or with a wallet; a new person names their organisation on the way. */
import { Link } from '~/components/ui/link.tsx'
import { useRouter } from 'next/navigation'
import { useState, type SubmitEvent } from 'react'
import { createOrganisation, landingOf } from '~/actions/account.ts'
import { Button } from '~/components/ui/button.tsx'
import { Field } from '~/components/ui/field.tsx'
import { Notice } from '~/components/ui/notice.tsx'
import { Form } from '~/components/ui/form.tsx'
import { signIn, signUp } from '~/lib/page/auth-client.ts'
import { switchTabTo } from '~/lib/page/tab-organisation.ts'
import { formSecret, formText } from '~/lib/page/form-text.ts'
import { newKey } from '~/lib/page/new-key.ts'
import { WalletSignIn } from './wallet-sign-in.tsx'

export interface AuthFormProps {
  mode: 'sign-in' | 'sign-up'
  /** Where to go afterwards: a path of ours. */
  next: string
  chainId: number
}

const PASSWORD_LENGTH_MIN = 10

export function AuthForm({ mode, next, chainId }: AuthFormProps) {
  const router = useRouter()
  const [pending, setPending] = useState(false)
  const [error, setError] = useState<string | null>(null)
  const [key] = useState(newKey)
  const newcomer = mode === 'sign-up'

  async function enter() {
    // Whoever it was before, the next page says for which organisation.
    switchTabTo(null)
    const landing = await landingOf({ next })
    router.replace(landing.ok ? landing.data : next)
    router.refresh()
  }

  async function submit(event: SubmitEvent<HTMLFormElement>) {
    const form = new FormData(event.currentTarget)
    const text = (name: string) => formText(form, name)
    setPending(true)
    setError(null)
    try {
      const credentials = { email: text('email'), password: formSecret(form, 'password') }
      if (newcomer) {
        await signUp({ name: text('name'), ...credentials })
        // Where this fails, the person is asked for the name once more: see `landingOf`.
        await createOrganisation({ name: text('organisation'), key })
      } else {
        await signIn(credentials)
      }
      await enter()
    } catch (thrown) {
      setError(thrown instanceof Error ? thrown.message : 'Sign-in failed. Try again.')
      setPending(false)
    }
  }

  return (
    <div className="mx-auto mt-6 w-full max-w-sm">
      <h1 className="text-xl font-semibold tracking-tight">{newcomer ? 'Create an account' : 'Sign in'}</h1>
      <p className="mt-1 mb-5 text-ink-2">
        {newcomer ? 'Have one already? ' : 'New here? '}
        <Link className="link" href={`${newcomer ? '/sign-in' : '/sign-up'}?next=${encodeURIComponent(next)}`}>
          {newcomer ? 'Sign in' : 'Create an account'}
        </Link>
      </p>
      <Form onSubmit={(event) => void submit(event)} className="flex flex-col gap-3.5">
        {newcomer && <Field label="Your name" name="name" autoComplete="name" required maxLength={80} />}
        {newcomer && (
          <Field
            label="Organisation"
            name="organisation"
            autoComplete="organization"
            required
            maxLength={80}
            hint="What is billed, and what keys and receipts belong to."
          />
        )}
        <Field label="Email" name="email" type="email" autoComplete="email" required />
        <Field
          label="Password"
          name="password"
          type="password"
          autoComplete={newcomer ? 'new-password' : 'current-password'}
          required
          minLength={newcomer ? PASSWORD_LENGTH_MIN : undefined}
          hint={newcomer ? `At least ${PASSWORD_LENGTH_MIN} characters.` : undefined}
        />
        {error && (
          <Notice tone="bad" live>
            {error}
          </Notice>
        )}
        <Button type="submit" tone="primary" size="lg" pending={pending}>
          {newcomer ? 'Create account' : 'Sign in'}
        </Button>
      </Form>
      <div className="my-4 flex items-center gap-3 text-xs text-ink-3">
        <span className="h-px flex-1 bg-line" /> or <span className="h-px flex-1 bg-line" />
      </div>
      <WalletSignIn chainId={chainId} onSignedIn={enter} />
    </div>
  )
}
