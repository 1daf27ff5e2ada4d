'use client'
/** What will be listed, in one view; then terms are made, checks run, and the node goes to the market. */
import type { ListingDetail } from '@isochrone/services'
import { useRouter } from 'next/navigation'
import { submitListing } from '~/actions/listing.ts'
import { ChecksTable } from '~/components/provider/checks-table.tsx'
import { Button, ButtonLink } from '~/components/ui/button.tsx'
import { ErrorNotice } from '~/components/ui/error-notice.tsx'
import { Facts } from '~/components/ui/facts.tsx'
import { Notice } from '~/components/ui/notice.tsx'
import { termsRows, type TermsProvider } from '~/lib/listing/listing-terms.ts'
import { useAction } from '~/lib/page/use-action.ts'
import { LeaveMarket } from './leave-market.tsx'
import type { StepProps } from './use-listing-save.ts'

const missingStake: Record<ListingDetail['stake']['state'], string | undefined> = {
  none: 'Say first how your stake comes.',
  failed: 'Your stake did not reach the chain. Ask for it again first.',
  waiting: undefined,
  staked: undefined,
  withheld: undefined,
}

interface ReviewStepProps extends StepProps {
  provider: TermsProvider
  adminReason: string | undefined
}

export function ReviewStep({ listing, provider, disabledReason, adminReason }: ReviewStepProps) {
  const router = useRouter()
  const submit = useAction(submitListing)
  const { id, version, status, node, draft, checks } = listing
  const missing = !draft.machine
    ? 'Describe the machine first.'
    : !node
      ? 'Its agent has not joined yet.'
      : listing.models.state !== 'done'
        ? `Models and engine: ${[listing.models.text, listing.models.fix].filter(Boolean).join(' ')}`
        : !draft.prices
          ? 'Set its prices first.'
          : missingStake[listing.stake.state]
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
        <Notice tone={listing.stake.state === 'failed' ? 'bad' : 'info'}>
          {listing.stake.state === 'failed'
            ? 'Its stake did not reach the chain, and without it the node is not listed. Ask for it again at the step Stake.'
            : 'It is being checked and goes to the chain once its stake is there. This page says how far it is; you may leave it.'}
        </Notice>
      )}
      {status === 'retired' && (
        <Notice>
          It is off the market: no new requests and no new leases. What it earned is paid out as before. Its machine can
          be listed again, as a new listing.{' '}
          <ButtonLink href="/provider/list" size="sm">
            See your listings
          </ButtonLink>
        </Notice>
      )}
      {status === 'withdrawn' && (
        <Notice>
          This listing was withdrawn.{' '}
          <ButtonLink href="/provider/list" size="sm">
            See your listings
          </ButtonLink>
        </Notice>
      )}
      <Summary listing={listing} provider={provider} />
      {isOpen && (
        <p className="max-w-2xl">
          What stands under “Its terms” is bound by their hash and cannot be edited afterwards: to change any of it, the
          node leaves the market and its machine is listed again. The checks run first; the node goes to the market if
          none of them finds something wrong.
        </p>
      )}
      <ErrorNotice error={submit.error} />
      {(isOpen || status === 'submitted' || status === 'live') && (
        <div className="flex flex-wrap gap-2">
          {isOpen && (
            <Button
              tone="primary"
              pending={submit.pending}
              disabledReason={disabledReason ?? missing}
              onClick={() => void submit.run({ id, version }).then((result) => result.ok && router.refresh())}
            >
              Check and list
            </Button>
          )}
          <LeaveMarket listing={listing} disabledReason={adminReason} />
        </div>
      )}
      {checks.length > 0 && <ChecksTable checks={checks} />}
    </div>
  )
}

/** The terms to their last field; below, what stands behind the node and is no part of them. */
function Summary({ listing, provider }: Pick<ReviewStepProps, 'listing' | 'provider'>) {
  const { node, stake, checklist } = listing
  const staked = checklist.find(({ step }) => step === 'stake')?.text ?? ''
  return (
    <>
      <section aria-labelledby="review-terms" className="flex max-w-3xl flex-col gap-2">
        <h2 id="review-terms" className="font-medium">
          Its terms
        </h2>
        <Facts items={termsRows(listing, provider)} />
      </section>
      <section aria-labelledby="review-beside" className="flex max-w-3xl flex-col gap-2">
        <h2 id="review-beside" className="font-medium">
          Beside them
        </h2>
        <Facts
          items={[
            ['Hardware', node?.hardware ?? 'no agent has joined yet'],
            ['Stake', stake.state === 'none' ? 'none yet: it is one stake for all your nodes' : staked],
          ]}
        />
      </section>
    </>
  )
}
