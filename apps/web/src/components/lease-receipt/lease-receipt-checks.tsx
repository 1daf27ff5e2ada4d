'use client'
/** Runs the checks of one lease receipt in this browser and shows what each compared. */
import type { LeaseReceiptDetail } from '@isochrone/services'
import { ChecksList, useBrowserChecks } from '~/components/checks-list.tsx'
import { leaseReceiptCheckNames } from '~/lib/lease-receipt-check-names.ts'
import type { SigningDomain } from '~/lib/signed-structs.ts'
import type { AnchorPlace } from '~/lib/verify-anchor.ts'

export interface LeaseReceiptChecksProps {
  receipt: LeaseReceiptDetail
  domain: SigningDomain
  /** Where the chain is asked for the root itself. */
  anchor: AnchorPlace
}

export function LeaseReceiptChecks({ receipt, domain, anchor }: LeaseReceiptChecksProps) {
  const checks = useBrowserChecks(async () => {
    // viem is a large library that only this panel needs: it loads beside the page, not before it.
    const { leaseLeafOf, verifyLeaseReceipt } = await import('~/lib/verify-lease-receipt.ts')
    const { checkAnchor, checkTaken } = await import('~/lib/verify-anchor.ts')
    return [
      ...(await verifyLeaseReceipt(receipt, domain)),
      await checkAnchor(receipt, anchor),
      await checkTaken(leaseReceiptCheckNames.taken, receipt, leaseLeafOf(receipt.fields), anchor),
    ]
  }, [receipt, domain, anchor])
  return <ChecksList subject="receipt" checks={checks} names={Object.values(leaseReceiptCheckNames)} />
}
