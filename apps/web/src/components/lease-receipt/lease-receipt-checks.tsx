'use client'
/** Runs the checks of one lease receipt in this browser and shows what each compared. */
import { ChecksList, useBrowserChecks } from '~/components/checks-list.tsx'
import type { LeaseReceiptCheckInput } from '~/lib/verify/check-jobs.ts'
import { leaseReceiptCheckNames } from '~/lib/verify/lease-receipt-check-names.ts'

export function LeaseReceiptChecks({ receipt, domain, anchor }: LeaseReceiptCheckInput) {
  const checks = useBrowserChecks('leaseReceipt', { receipt, domain, anchor }, [receipt, domain, anchor])
  return <ChecksList subject="receipt" checks={checks} names={Object.values(leaseReceiptCheckNames)} />
}
