'use client'
/** The way out of a listing: withdrawn before it is on the market, taken off it afterwards. The dialog says what that does. */
import type { ListingDetail } from '@isochrone/services'
import { retireListing, withdrawListing } from '~/actions/listing.ts'
import { Button } from '~/components/ui/button.tsx'
import { ConfirmDialog } from '~/components/ui/confirm-dialog.tsx'

interface LeaveMarketProps {
  listing: ListingDetail
  disabledReason: string | undefined
}

export function LeaveMarket({ listing, disabledReason }: LeaveMarketProps) {
  const { id, version, status, nodeName } = listing
  const name = nodeName ?? 'this listing'
  if (status === 'live') {
    return (
      <ConfirmDialog
        action={retireListing}
        input={{ id, version }}
        title={`Take ${name} off the market?`}
        description="This cannot be undone."
        details={<WhatRetiringDoes />}
        trigger={<Button disabledReason={disabledReason}>Take off the market</Button>}
        confirm="Take off the market"
        keep="Keep it there"
      />
    )
  }
  return (
    <ConfirmDialog
      action={withdrawListing}
      input={{ id, version }}
      title={`Withdraw ${name}?`}
      description="Its token stops working, its node leaves, and its GPUs can be named by another node. What was saved here is no longer shown; list the machine again to start anew."
      trigger={<Button disabledReason={disabledReason}>Withdraw</Button>}
      confirm="Withdraw"
      keep="Keep"
    />
  )
}

function WhatRetiringDoes() {
  return (
    <ul className="flex list-disc flex-col gap-1 pl-5">
      <li>From now on it takes no new requests and no new leases. What it is answering, it has a minute to finish.</li>
      <li>
        Leases that run on it move to other nodes within their teams’ policies; time without a node is not billed.
      </li>
      <li>
        What it earned is paid out as before, your stake stays as it is, and its history stays on your public page.
      </li>
      <li>
        Its key is retired on the chain for good. The machine can be listed again: as a new listing, with a new key.
      </li>
    </ul>
  )
}
