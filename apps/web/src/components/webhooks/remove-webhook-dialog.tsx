'use client'
/** Removes one webhook, by its address, with the log of its deliveries. */
import { removeWebhook } from '~/actions/team.ts'
import { Button } from '~/components/ui/button.tsx'
import { ConfirmDialog } from '~/components/ui/confirm-dialog.tsx'

export interface RemoveWebhookDialogProps {
  id: string
  url: string
  disabledReason: string | undefined
}

export function RemoveWebhookDialog({ id, url, disabledReason }: RemoveWebhookDialogProps) {
  return (
    <ConfirmDialog
      action={removeWebhook}
      input={{ id }}
      title="Remove this webhook?"
      description={`${url} gets no more messages, and the log of what it got is removed. Its secret cannot be brought back.`}
      trigger={
        <Button size="sm" disabledReason={disabledReason} aria-label={`Remove ${url}`}>
          Remove
        </Button>
      }
      keep="Keep it"
      confirm="Remove webhook"
    />
  )
}
