'use client'
/** Has one node checked anew, with a reason that goes into the audit log. */
import { useState } from 'react'
import { recheckNode } from '~/actions/admin.ts'
import { Button } from '~/components/ui/button.tsx'
import { Dialog } from '~/components/ui/dialog.tsx'
import { ErrorNotice } from '~/components/ui/error-notice.tsx'
import { Field } from '~/components/ui/field.tsx'
import { Form } from '~/components/ui/form.tsx'
import { useActionDialog } from '~/lib/page/use-action-dialog.ts'

export function RecheckDialog({ id, name }: { id: string; name: string }) {
  const { open, toggle, run, pending, error } = useActionDialog(recheckNode)
  const [reason, setReason] = useState('')
  const fieldError = error?.field === 'reason' ? error.message : undefined
  async function submit() {
    if (!(await run({ id, reason })).ok) return
    setReason('')
    toggle(false)
  }
  return (
    <Dialog
      open={open}
      onOpenChange={toggle}
      title={`Check ${name} anew`}
      description="A worker takes it within seconds. Your name and the reason are in the audit log for good."
      trigger={
        <Button size="sm">
          Check anew<span className="sr-only">: {name}</span>
        </Button>
      }
    >
      <Form onSubmit={() => void submit()} className="flex flex-col gap-3">
        <Field
          label="Reason"
          required
          maxLength={500}
          value={reason}
          onChange={(event) => setReason(event.target.value)}
          error={fieldError}
        />
        {!fieldError && <ErrorNotice error={error} />}
        <Button
          type="submit"
          tone="primary"
          className="self-end"
          pending={pending}
          disabledReason={reason.trim() === '' ? 'Say why.' : undefined}
        >
          Check {name} anew
        </Button>
      </Form>
    </Dialog>
  )
}
