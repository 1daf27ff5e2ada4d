'use client'
/** Adds a webhook and shows its secret once: closing the dialog is the end of it. */
import { Plus } from 'lucide-react'
import type { SubmitEvent } from 'react'
import { createWebhook } from '~/actions/team.ts'
import { Button } from '~/components/ui/button.tsx'
import { Dialog } from '~/components/ui/dialog.tsx'
import { ErrorNotice } from '~/components/ui/error-notice.tsx'
import { Field } from '~/components/ui/field.tsx'
import { Form } from '~/components/ui/form.tsx'
import { SecretOnce } from '~/components/ui/secret-once.tsx'
import { formText } from '~/lib/page/form-text.ts'
import { useOnceDialog } from '~/lib/page/use-action-dialog.ts'

export interface CreateWebhookDialogProps {
  disabledReason: string | undefined
  /** All that a webhook can be told of. */
  events: string[]
}

export function CreateWebhookDialog({ disabledReason, events }: CreateWebhookDialogProps) {
  const { open, toggle, ...create } = useOnceDialog(createWebhook, 'it is added once, even if it was added already')
  const secret = create.data?.secret

  async function submit(event: SubmitEvent<HTMLFormElement>) {
    const form = new FormData(event.currentTarget)
    const chosen = events.filter((name) => form.get(name) === '1')
    await create.run({ url: formText(form, 'url'), events: chosen })
  }
  const urlError = create.error?.field === 'url' ? create.error.message : undefined
  return (
    <Dialog
      open={open}
      onOpenChange={toggle}
      title={secret ? 'Copy the signing secret now' : 'Add a webhook'}
      description={secret ? undefined : 'Your address gets a POST with a signature when one of these happens.'}
      trigger={
        <Button tone="primary" disabledReason={disabledReason}>
          <Plus aria-hidden className="size-4" /> Add webhook
        </Button>
      }
    >
      {secret ? (
        <SecretOnce
          secret={secret}
          label="signing secret"
          warning="With it your program tells our messages from others’."
          onStored={() => toggle(false)}
        >
          <p className="text-ink-2">
            The signatures follow Standard Webhooks; <code className="font-mono text-xs">openai.webhooks.unwrap</code>{' '}
            of the official client checks them too.
          </p>
        </SecretOnce>
      ) : (
        <Form onSubmit={submit} className="flex flex-col gap-3">
          <Field
            label="Address"
            name="url"
            type="url"
            required
            maxLength={2048}
            placeholder="https://example.com/hooks/isochrone"
            autoComplete="off"
            error={urlError}
            hint="https, reachable from the internet. Redirects are not followed."
          />
          <fieldset className="flex flex-col gap-1">
            <legend className="mb-1 font-medium">Tell it of</legend>
            {events.map((name) => (
              <label key={name} className="flex h-7 w-fit cursor-pointer items-center gap-2">
                <input type="checkbox" name={name} value="1" defaultChecked className="size-4 accent-(--accent)" />
                <span className="font-mono text-xs">{name}</span>
              </label>
            ))}
          </fieldset>
          {create.error && !urlError && <ErrorNotice error={create.error} />}
          <Button type="submit" tone="primary" className="self-end" pending={create.pending}>
            Add webhook
          </Button>
        </Form>
      )}
    </Dialog>
  )
}
