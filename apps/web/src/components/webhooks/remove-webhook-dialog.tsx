'use client'
/** Removes one webhook, by its address, with the log of its deliveries. */
import { useState } from 'react'
import { removeWebhook } from '~/actions/team.ts'
import { Button } from '~/components/ui/button.tsx'
import { Dialog } from '~/components/ui/dialog.tsx'
import { ErrorNotice } from '~/components/ui/error-notice.tsx'
import { useAction } from '~/lib/use-action.ts'

export interface RemoveWebhookDialogProps {
  id: string
  url: string
  disabledReason: string | undefined
}

export function RemoveWebhookDialog({ id, url, disabledReason }: RemoveWebhookDialogProps) {
  const [open, setOpen] = useState(false)
  const remove = useAction(removeWebhook)
  async function confirm() {
    if ((await remove.run({ id })).ok) setOpen(false)
  }
  return (
    <Dialog
      open={open}
      onOpenChange={setOpen}
      title="Remove this webhook?"
      description={`${url} gets no more messages, and the log of what it got is removed. Its secret cannot be brought back.`}
      trigger={
        <Button size="sm" disabledReason={disabledReason} aria-label={`Remove ${url}`}>
          Remove
        </Button>
      }
    >
      <ErrorNotice error={remove.error} />
      <div className="mt-3 flex justify-end gap-2">
        <Button onClick={() => setOpen(false)}>Keep it</Button>
        <Button tone="danger" pending={remove.pending} onClick={() => void confirm()}>
          Remove webhook
        </Button>
      </div>
    </Dialog>
  )
}
