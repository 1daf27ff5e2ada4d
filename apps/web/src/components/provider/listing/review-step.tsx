'use client'
/** Submits the listing: terms are made, checks run, and the node goes to the market. */
import { useRouter } from 'next/navigation'
import { submitListing, withdrawListing } from '~/actions/listing.ts'
import { ChecksTable } from '~/components/provider/checks-table.tsx'
import { Button, ButtonLink } from '~/components/ui/button.tsx'
import { ConfirmDialog } from '~/components/ui/confirm-dialog.tsx'
import { ErrorNotice } from '~/components/ui/error-notice.tsx'
import { Notice } from '~/components/ui/notice.tsx'
import { useAction } from '~/lib/use-action.ts'
import type { StepProps } from './use-listing-save.ts'

export function ReviewStep({ listing, disabledReason }: StepProps) {
  const router = useRouter()
  const submit = useAction(submitListing)
  const { id, version, status, node, draft, checks } = listing
  const missing = !draft.machine
    ? 'Describe the machine first.'
    : !node
      ? 'Its agent has not joined yet.'
      : !draft.prices
        ? 'Set its prices first.'
        : undefined
  const isOpen = status === 'draft' || status === 'joined'
  return (
    <div className="flex flex-col gap-4">
      {status === 'live' && node && (
        <Notice tone="good">
          It is on the market.{' '}
          <ButtonLink href={`/offers/${node.id}`} size="sm">
            See its offer
          </ButtonLink>
        </Notice>
      )}
      {status === 'submitted' && (
        <Notice>It is being checked and goes to the chain. This page says how far it is; you may leave it.</Notice>
      )}
      {isOpen && <p>What you said becomes its terms, by hash; what is wrong is found before anybody pays for it.</p>}
      <ErrorNotice error={submit.error} />
      {isOpen && (
        <div className="flex flex-wrap gap-2">
          <Button
            tone="primary"
            pending={submit.pending}
            disabledReason={disabledReason ?? missing}
            onClick={() => void submit.run({ id, version }).then((result) => result.ok && router.refresh())}
          >
            Check and list
          </Button>
          <ConfirmDialog
            action={withdrawListing}
            input={{ id, version }}
            title={`Withdraw ${listing.nodeName ?? 'this listing'}?`}
            description="Its token stops working. What was saved here is no longer shown; list the node again to start anew."
            trigger={<Button>Withdraw</Button>}
            confirm="Withdraw"
            keep="Keep"
          />
        </div>
      )}
      {checks.length > 0 && <ChecksTable checks={checks} />}
    </div>
  )
}
