'use client'
/** Takes a job back before it has an answer. */
import { cancelJob } from '~/actions/team.ts'
import { Button } from '~/components/ui/button.tsx'
import { ConfirmDialog } from '~/components/ui/confirm-dialog.tsx'

export function CancelJob({ id }: { id: string }) {
  return (
    <ConfirmDialog
      action={cancelJob}
      input={{ id }}
      title="Cancel this job?"
      description={`${id} will not be answered. What a node has already delivered is still billed.`}
      trigger={<Button>Cancel job</Button>}
      keep="Let it run"
      confirm="Cancel job"
    />
  )
}
