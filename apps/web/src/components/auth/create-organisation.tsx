'use client'
/** The form that gives a person their first organisation. */
import { useRouter } from 'next/navigation'
import { useState, type SubmitEvent } from 'react'
import { createOrganisation } from '~/actions/account.ts'
import { Button } from '~/components/ui/button.tsx'
import { ErrorNotice } from '~/components/ui/error-notice.tsx'
import { Field } from '~/components/ui/field.tsx'
import { Form } from '~/components/ui/form.tsx'
import { formText } from '~/lib/form-text.ts'
import { newKey } from '~/lib/new-key.ts'
import { switchTabTo } from '~/lib/tab-organisation.ts'
import { useAction } from '~/lib/use-action.ts'

export function CreateOrganisation({ next }: { next: string }) {
  const router = useRouter()
  const create = useAction(createOrganisation)
  // One key until the organisation is there: after an answer that was lost, the same form makes no second one.
  const [key] = useState(newKey)
  async function submit(event: SubmitEvent<HTMLFormElement>) {
    const result = await create.run({ name: formText(new FormData(event.currentTarget), 'name'), key })
    if (!result.ok) return
    switchTabTo(result.data.id)
    router.replace(next)
    router.refresh()
  }
  return (
    <Form onSubmit={(event) => void submit(event)} className="flex max-w-sm flex-col gap-3">
      <Field label="Organisation" name="name" required maxLength={80} autoComplete="organization" />
      <ErrorNotice error={create.error} />
      <Button type="submit" tone="primary" pending={create.pending}>
        Create organisation
      </Button>
    </Form>
  )
}
