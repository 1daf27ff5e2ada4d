'use client'
/** What will be listed, in one view; then terms are made, checks run, and the node goes to the market. */
import { formatUsd } from '@isochrone/domain'
import type { ListingDetail } from '@isochrone/services'
import { useRouter } from 'next/navigation'
import { submitListing, withdrawListing } from '~/actions/listing.ts'
import { ChecksTable } from '~/components/provider/checks-table.tsx'
import { Button, ButtonLink } from '~/components/ui/button.tsx'
import { ConfirmDialog } from '~/components/ui/confirm-dialog.tsx'
import { ErrorNotice } from '~/components/ui/error-notice.tsx'
import { Facts } from '~/components/ui/facts.tsx'
import { Notice } from '~/components/ui/notice.tsx'
import { formatMs } from '~/lib/format.ts'
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
      {status === 'withdrawn' && (
        <Notice>
          This listing was withdrawn.{' '}
          <ButtonLink href="/provider/list" size="sm">
            See your listings
          </ButtonLink>
        </Notice>
      )}
      <Summary listing={listing} />
      {isOpen && (
        <p className="max-w-2xl">
          This becomes the node&apos;s terms, which cannot be edited afterwards. The checks run first; the node goes to
          the market if none of them finds something wrong.
        </p>
      )}
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
            trigger={<Button disabledReason={disabledReason}>Withdraw</Button>}
            confirm="Withdraw"
            keep="Keep"
          />
        </div>
      )}
      {checks.length > 0 && <ChecksTable checks={checks} />}
    </div>
  )
}

function Summary({ listing: { draft, node } }: { listing: ListingDetail }) {
  const { machine, prices, promises } = draft
  const usd = (microUsd: string) => formatUsd(BigInt(microUsd))
  return (
    <Facts
      items={[
        ['Machine', machine ? `${machine.nodeName} in ${machine.region}, ${machine.country}` : 'not described yet'],
        ['Shared host', machine && (machine.sharedHost ? 'declared' : 'no other nodes on its host')],
        ['Hardware', node?.hardware ?? 'no agent has joined yet'],
        [
          '$/M tokens',
          prices
            ? `${usd(prices.inMicroUsdPerMtok)} in, ${usd(prices.cachedMicroUsdPerMtok)} cached, ${usd(prices.outMicroUsdPerMtok)} out`
            : 'not set yet',
        ],
        prices && [
          'Rent',
          prices.gpuHourMicroUsd === '0' ? 'not for rent' : `${usd(prices.gpuHourMicroUsd)} an hour each`,
        ],
        ['Promises', promises ? promised(promises) : 'none: nothing is due when it is slow'],
      ]}
    />
  )
}

function promised({ ttftBaseMs, tpotUs, penaltyBps }: NonNullable<ListingDetail['draft']['promises']>): string {
  const parts = [
    ttftBaseMs > 0 && `first token within ${formatMs(ttftBaseMs)}`,
    tpotUs > 0 && `each further one within ${formatMs(tpotUs / 1000)}`,
  ].filter((part) => part !== false)
  return parts.length > 0
    ? `${parts.join(', ')}; ${penaltyBps / 100} % comes back when broken`
    : 'none: nothing is due when it is slow'
}
