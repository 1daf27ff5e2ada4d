'use client'
/** Stops a batch: its answered lines are kept. */
import { cancelBatch } from '~/actions/team.ts'
import { Button } from '~/components/ui/button.tsx'
import { ConfirmDialog } from '~/components/ui/confirm-dialog.tsx'

export function CancelBatch({ id }: { id: string }) {
  return (
    <ConfirmDialog
      action={cancelBatch}
      input={{ id }}
      title="Cancel this batch?"
      description={`${id} begins no further line. Answers so far are kept, and what nodes have delivered is still billed.`}
      trigger={<Button>Cancel batch</Button>}
      keep="Let it run"
      confirm="Cancel batch"
    />
  )
}
