'use client'
/** Runs the checks of one receipt in this browser and shows what each compared. */
import { ChecksList, useBrowserChecks } from '~/components/checks-list.tsx'
import type { ReceiptCheckInput } from '~/lib/verify/check-jobs.ts'
import { receiptCheckNames } from '~/lib/verify/receipt-check-names.ts'

export function ReceiptChecks({ receipt, domain, anchor }: ReceiptCheckInput) {
  const checks = useBrowserChecks('receipt', { receipt, domain, anchor }, [receipt, domain, anchor])
  return <ChecksList subject="receipt" checks={checks} names={receiptCheckNames(receipt, anchor !== undefined)} />
}
