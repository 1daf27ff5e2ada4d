'use client'
/** Runs the checks of one performance record in this browser. */
import type { RecordDetail } from '@isochrone/services'
import { ChecksList, useBrowserChecks } from '~/components/checks-list.tsx'
import { recordCheckNames } from '~/lib/record-check-names.ts'
import type { SigningDomain } from '~/lib/signed-structs.ts'

export function RecordChecks({ record, domain }: { record: RecordDetail; domain: SigningDomain }) {
  const checks = useBrowserChecks(async () => {
    const { verifyRecord } = await import('~/lib/verify-record.ts')
    return verifyRecord(record, domain)
  }, [record, domain])
  return <ChecksList subject="record" checks={checks} names={recordCheckNames} />
}
