'use client'
/** Turns an organisation into a provider: a name, and the address that is paid. */
import { useRouter } from 'next/navigation'
import type { FormEvent } from 'react'
import { createProvider } from '~/actions/provider.ts'
import { Button } from '~/components/ui/button.tsx'
import { ErrorNotice } from '~/components/ui/error-notice.tsx'
import { Field } from '~/components/ui/field.tsx'
import { formText } from '~/lib/form-text.ts'
import { useAction } from '~/lib/use-action.ts'

export function BecomeProvider({ name, disabledReason }: { name: string; disabledReason: string | undefined }) {
  const router = useRouter()
  const create = useAction(createProvider)
  const errorOf = (field: string) => (create.error?.field === field ? create.error.message : undefined)
  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const result = await create.run({
      name: formText(form, 'name'),
      payoutAddress: formText(form, 'payoutAddress'),
    })
    if (result.ok) router.refresh()
  }
  return (
    <form onSubmit={(event) => void submit(event)} className="flex max-w-xl flex-col gap-3">
      <Field
        label="Name on the market"
        name="name"
        defaultValue={name}
        required
        maxLength={80}
        error={errorOf('name')}
      />
      <Field
        label="Payout address"
        name="payoutAddress"
        placeholder="0x…"
        required
        autoComplete="off"
        spellCheck={false}
        error={errorOf('payoutAddress')}
        hint="Receives USDC when an epoch settles. No key or seed phrase of yours is ever asked for."
      />
      {create.error && !create.error.field && <ErrorNotice error={create.error} />}
      <Button
        type="submit"
        tone="primary"
        className="self-start"
        pending={create.pending}
        disabledReason={disabledReason}
      >
        Become a provider
      </Button>
    </form>
  )
}
