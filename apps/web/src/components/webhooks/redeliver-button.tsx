'use client'
/** Sends one delivery once more, with the same id. */
import { redeliverWebhook } from '~/actions/team.ts'
import { Button } from '~/components/ui/button.tsx'
import { useAction } from '~/lib/page/use-action.ts'

export function RedeliverButton({ id, disabledReason }: { id: string; disabledReason: string | undefined }) {
  const redeliver = useAction(redeliverWebhook)
  const words = redeliver.error ? 'Failed, try again' : 'Send again'
  return (
    <Button
      size="sm"
      pending={redeliver.pending}
      disabledReason={disabledReason}
      aria-label={`${words}: ${id}`}
      onClick={() => void redeliver.run({ id })}
    >
      {words}
    </Button>
  )
}
