'use client'
/** Checks a lease's receipts in this browser, again whenever there is a new one. */
import { ChecksList, useBrowserChecks } from '~/components/checks-list.tsx'
import type { LeaseCheckInput } from '~/lib/verify/check-jobs.ts'
import { leaseCheckNames } from '~/lib/verify/lease-check-names.ts'

export function LeaseChecks({ receipts, billedMicroUsd, domain }: LeaseCheckInput) {
  const newest = receipts[0]
  const about = [newest?.lane, newest?.seq, receipts.length, billedMicroUsd]
  const checks = useBrowserChecks('lease', { receipts, billedMicroUsd, domain }, about)
  return <ChecksList subject="lease" checks={checks} names={Object.values(leaseCheckNames)} />
}
