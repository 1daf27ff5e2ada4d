'use client'
/** Revokes one key, by name: it cannot be undone. */
import { revokeKey } from '~/actions/team.ts'
import { Button } from '~/components/ui/button.tsx'
import { ConfirmDialog } from '~/components/ui/confirm-dialog.tsx'

export interface RevokeKeyDialogProps {
  id: string
  name: string
  disabledReason: string | undefined
}

export function RevokeKeyDialog({ id, name, disabledReason }: RevokeKeyDialogProps) {
  return (
    <ConfirmDialog
      action={revokeKey}
      input={{ id }}
      title={`Revoke “${name}”?`}
      description="Every gateway refuses it within a second. Programs that use it get 401, what they queued with it fails, and their batches are cancelled. It cannot be brought back."
      trigger={
        <Button size="sm" disabledReason={disabledReason} aria-label={`Revoke ${name}`}>
          Revoke
        </Button>
      }
      keep="Keep it"
      confirm={`Revoke “${name}”`}
    />
  )
}
