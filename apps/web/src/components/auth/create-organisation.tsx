'use client'
/** The form that gives a person their first organisation. */
import { useRouter } from 'next/navigation'
import type { FormEvent } from 'react'
import { createOrganisation } from '~/actions/account.ts'
import { Button } from '~/components/ui/button.tsx'
import { ErrorNotice } from '~/components/ui/error-notice.tsx'
import { Field } from '~/components/ui/field.tsx'
import { formText } from '~/lib/form-text.ts'
import { useAction } from '~/lib/use-action.ts'

export function CreateOrganisation({ next }: { next: string }) {
  const router = useRouter()
  const create = useAction(createOrganisation)
  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const result = await create.run({ name: formText(new FormData(event.currentTarget), 'name') })
    if (!result.ok) return
    router.replace(next)
    router.refresh()
  }
  return (
    <form onSubmit={(event) => void submit(event)} className="flex max-w-sm flex-col gap-3">
      <Field label="Organisation" name="name" required maxLength={80} autoComplete="organization" />
      <ErrorNotice error={create.error} />
      <Button type="submit" tone="primary" pending={create.pending}>
        Create organisation
      </Button>
    </form>
  )
}
