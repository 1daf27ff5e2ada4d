'use client'
/** What can be done about a lease that runs: longer, or no more. */
import { useState } from 'react'
import { extendLease, stopLease } from '~/actions/leases.ts'
import { Button, ButtonLink } from '~/components/ui/button.tsx'
import { ConfirmDialog } from '~/components/ui/confirm-dialog.tsx'
import { Dialog } from '~/components/ui/dialog.tsx'
import { ErrorNotice } from '~/components/ui/error-notice.tsx'
import { Field } from '~/components/ui/field.tsx'
import { Form } from '~/components/ui/form.tsx'
import { LeaveUnanswered } from '~/components/ui/leave-unanswered.tsx'
import { Money } from '~/components/ui/values.tsx'
import { useOnceDialog } from '~/lib/page/use-action-dialog.ts'

interface LeaseActionProps {
  id: string
  disabledReason: string | undefined
}

export function StopLease({ id, disabledReason }: LeaseActionProps) {
  return (
    <ConfirmDialog
      action={stopLease}
      input={{ id }}
      title="Stop this lease?"
      description={`${id} ends now and cannot be started again: its endpoint answers no more, requests under way are cut off, the time until now is billed, and the rest of the money is given back.`}
      trigger={
        <Button tone="danger" disabledReason={disabledReason}>
          Stop
        </Button>
      }
      keep="Let it run"
      confirm="Stop the lease"
    />
  )
}

interface ExtendLeaseProps extends LeaseActionProps {
  gpus: number
  perGpuHourMicroUsd: bigint
}

const MINUTES_PER_HOUR = 60n

export function ExtendLease({ id, gpus, perGpuHourMicroUsd, disabledReason }: ExtendLeaseProps) {
  const again = 'it is made longer once, even if that was done already'
  const { open, toggle, run, pending, error, unanswered } = useOnceDialog(extendLease, again)
  const [hours, setHours] = useState('1')
  const minutes = Math.round(Number(hours) * 60)
  async function submit() {
    if ((await run({ id, durationMinutes: minutes })).ok) toggle(false)
  }
  return (
    <>
      <Dialog
        open={open}
        onOpenChange={toggle}
        title="Extend this lease"
        description="Its end moves, at the price that was agreed. What is not used is given back."
        trigger={<Button disabledReason={disabledReason}>Extend</Button>}
      >
        <Form onSubmit={() => void submit()} className="flex flex-col gap-3">
          <Field
            label="Longer by"
            name="hours"
            type="number"
            min={0.1}
            max={720}
            step={0.1}
            unit="hours"
            required
            value={hours}
            onChange={(event) => setHours(event.target.value)}
            hint={
              minutes > 0 && (
                <>
                  <Money microUsd={(BigInt(gpus * minutes) * perGpuHourMicroUsd) / MINUTES_PER_HOUR} /> for the time is
                  held in addition.
                </>
              )
            }
          />
          <ErrorNotice error={error} />
          <div className="flex justify-end gap-2">
            {error?.code === 'insufficient_balance' && <ButtonLink href="/balance">Add funds</ButtonLink>}
            <Button type="submit" tone="primary" pending={pending}>
              Extend the lease
            </Button>
          </div>
        </Form>
      </Dialog>
      <LeaveUnanswered active={unanswered !== null} done="made longer" />
    </>
  )
}
