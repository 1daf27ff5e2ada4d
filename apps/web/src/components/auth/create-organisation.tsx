'use client'
/** The form that gives a person their first organisation. */
import { useRouter } from 'next/navigation'
import type { SubmitEvent } from 'react'
import { createOrganisation } from '~/actions/account.ts'
import { Button } from '~/components/ui/button.tsx'
import { ErrorNotice } from '~/components/ui/error-notice.tsx'
import { Field } from '~/components/ui/field.tsx'
import { Form } from '~/components/ui/form.tsx'
import { formText } from '~/lib/page/form-text.ts'
import { switchTabTo } from '~/lib/page/tab-organisation.ts'
import { useOnce } from '~/lib/page/use-once.ts'

export function CreateOrganisation({ next }: { next: string }) {
  const router = useRouter()
  const create = useOnce(createOrganisation, 'it is made once, even if it was made already')
  async function submit(event: SubmitEvent<HTMLFormElement>) {
    const result = await create.run({ name: formText(new FormData(event.currentTarget), 'name') })
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
