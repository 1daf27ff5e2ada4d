'use client'
/** Runs the checks of one performance record in this browser. */
import { ChecksList, useBrowserChecks } from '~/components/checks-list.tsx'
import type { RecordCheckInput } from '~/lib/verify/check-jobs.ts'
import { recordCheckNames } from '~/lib/verify/record-check-names.ts'

export function RecordChecks({ record, domain }: RecordCheckInput) {
  const checks = useBrowserChecks('record', { record, domain }, [record, domain])
  return <ChecksList subject="record" checks={checks} names={recordCheckNames} />
}
