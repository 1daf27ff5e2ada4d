'use client'
/** Checks a lease's receipts in this browser, again whenever there is a new one. */
import type { LeaseReceiptView } from '@isochrone/services'
import { ChecksList, useBrowserChecks } from '~/components/checks-list.tsx'
import { leaseCheckNames } from '~/lib/lease-check-names.ts'
import type { SigningDomain } from '~/lib/signed-structs.ts'

interface LeaseChecksProps {
  receipts: readonly LeaseReceiptView[]
  billedMicroUsd: bigint
  domain: SigningDomain
}

export function LeaseChecks({ receipts, billedMicroUsd, domain }: LeaseChecksProps) {
  const newest = receipts[0]
  const checks = useBrowserChecks(async () => {
    // viem is a large library that only this panel needs: it loads beside the page, not before it.
    const { verifyLease } = await import('~/lib/verify-lease.ts')
    return verifyLease(receipts, billedMicroUsd, domain)
  }, [newest?.lane, newest?.seq, receipts.length, billedMicroUsd])
  return <ChecksList subject="lease" checks={checks} names={Object.values(leaseCheckNames)} />
}
