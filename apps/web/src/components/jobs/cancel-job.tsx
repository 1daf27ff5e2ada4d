'use client'
/** Takes a job back before it has an answer. */
import { useState } from 'react'
import { cancelJob } from '~/actions/team.ts'
import { Button } from '~/components/ui/button.tsx'
import { Dialog } from '~/components/ui/dialog.tsx'
import { ErrorNotice } from '~/components/ui/error-notice.tsx'
import { useAction } from '~/lib/use-action.ts'

export function CancelJob({ id }: { id: string }) {
  const [open, setOpen] = useState(false)
  const cancel = useAction(cancelJob)
  async function confirm() {
    if ((await cancel.run({ id })).ok) setOpen(false)
  }
  return (
    <Dialog
      open={open}
      onOpenChange={setOpen}
      title="Cancel this job?"
      description={`${id} will not be answered. What a node has already delivered is still billed.`}
      trigger={<Button>Cancel job</Button>}
    >
      <ErrorNotice error={cancel.error} />
      <div className="mt-3 flex justify-end gap-2">
        <Button onClick={() => setOpen(false)}>Let it run</Button>
        <Button tone="danger" pending={cancel.pending} onClick={() => void confirm()}>
          Cancel job
        </Button>
      </div>
    </Dialog>
  )
}
