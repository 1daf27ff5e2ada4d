'use client'
/** Revokes one key, by name: it cannot be undone. */
import { useState } from 'react'
import { revokeKey } from '~/actions/team.ts'
import { Button } from '~/components/ui/button.tsx'
import { Dialog } from '~/components/ui/dialog.tsx'
import { ErrorNotice } from '~/components/ui/error-notice.tsx'
import { useAction } from '~/lib/use-action.ts'

export interface RevokeKeyDialogProps {
  id: string
  name: string
  disabledReason: string | undefined
}

export function RevokeKeyDialog({ id, name, disabledReason }: RevokeKeyDialogProps) {
  const [open, setOpen] = useState(false)
  const revoke = useAction(revokeKey)
  async function confirm() {
    const result = await revoke.run({ id })
    if (result.ok) setOpen(false)
  }
  return (
    <Dialog
      open={open}
      onOpenChange={setOpen}
      title={`Revoke “${name}”?`}
      description="Every gateway refuses it within a second. Programs that use it get 401. It cannot be brought back."
      trigger={
        <Button size="sm" disabledReason={disabledReason} aria-label={`Revoke ${name}`}>
          Revoke
        </Button>
      }
    >
      <ErrorNotice error={revoke.error} />
      <div className="mt-3 flex justify-end gap-2">
        <Button onClick={() => setOpen(false)}>Keep it</Button>
        <Button tone="danger" pending={revoke.pending} onClick={() => void confirm()}>
          Revoke “{name}”
        </Button>
      </div>
    </Dialog>
  )
}
