'use client'
/** Runs the checks of one receipt in this browser and shows what each compared. */
import type { ReceiptView } from '@isochrone/services'
import { ChecksList, useBrowserChecks } from '~/components/checks-list.tsx'
import { receiptCheckNames } from '~/lib/receipt-check-names.ts'
import type { SigningDomain } from '~/lib/signed-structs.ts'
import type { AnchorPlace } from '~/lib/verify-anchor.ts'

export interface ReceiptChecksProps {
  receipt: ReceiptView
  domain: SigningDomain
  /** Where the chain is asked for the root itself; absent: it is not asked. */
  anchor?: AnchorPlace | undefined
}

export function ReceiptChecks({ receipt, domain, anchor }: ReceiptChecksProps) {
  const checks = useBrowserChecks(async () => {
    // viem is a large library that only this panel needs: it loads beside the page, not before it.
    const { verifyReceipt } = await import('~/lib/verify-receipt.ts')
    const done = await verifyReceipt(receipt, domain)
    if (!anchor) return done
    const { checkAnchor } = await import('~/lib/verify-anchor.ts')
    return [...done, await checkAnchor(receipt, anchor)]
  }, [receipt, domain, anchor])
  return <ChecksList subject="receipt" checks={checks} names={receiptCheckNames(receipt, anchor !== undefined)} />
}
