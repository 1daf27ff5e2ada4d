'use client'
/** What will be listed, in one view; then terms are made, checks run, and the node goes to the market. */
import { formatUsd } from '@isochrone/domain'
import type { ListingDetail } from '@isochrone/services'
import { useRouter } from 'next/navigation'
import { submitListing } from '~/actions/listing.ts'
import { ChecksTable } from '~/components/provider/checks-table.tsx'
import { Button, ButtonLink } from '~/components/ui/button.tsx'
import { ErrorNotice } from '~/components/ui/error-notice.tsx'
import { Facts } from '~/components/ui/facts.tsx'
import { Notice } from '~/components/ui/notice.tsx'
import { formatMs } from '~/lib/format.ts'
import { useAction } from '~/lib/use-action.ts'
import { LeaveMarket } from './leave-market.tsx'
import type { StepProps } from './use-listing-save.ts'

const missingStake: Record<ListingDetail['stake']['state'], string | undefined> = {
  none: 'Say first how your stake comes.',
  failed: 'Your stake did not reach the chain. Ask for it again first.',
  waiting: undefined,
  staked: undefined,
  withheld: undefined,
}

export function ReviewStep({ listing, disabledReason, adminReason }: StepProps & { adminReason: string | undefined }) {
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
      <Summary listing={listing} />
      {isOpen && (
        <p className="max-w-2xl">
          This becomes the node&apos;s terms, which cannot be edited afterwards. The checks run first; the node goes to
          the market if none of them finds something wrong.
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

function Summary({ listing: { draft, node } }: { listing: ListingDetail }) {
  const { machine, models, prices, promises } = draft
  const usd = (microUsd: string) => formatUsd(BigInt(microUsd))
  return (
    <Facts
      items={[
        ['Machine', machine ? `${machine.nodeName} in ${machine.region}, ${machine.country}` : 'not described yet'],
        ['Shared host', machine && (machine.sharedHost ? 'declared' : 'no other nodes on its host')],
        ['Hardware', node?.hardware ?? 'no agent has joined yet'],
        ['Models', models ? models.models.map(({ model }) => model).join(', ') : 'not chosen yet'],
        models && ['Engine', models.engine === 'other' ? 'another OpenAI-compatible server' : models.engine],
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
