'use client'
/** Checks an epoch's anchor in this browser and shows what each check compared. */
import type { EpochDetail } from '@isochrone/services'
import { ChecksList, useBrowserChecks } from '~/components/checks-list.tsx'
import type { EpochCheckInput } from '~/lib/verify/check-jobs.ts'
import { epochCheckNames } from '~/lib/verify/epoch-check-names.ts'

export interface EpochChecksProps extends EpochCheckInput {
  /** Of the epoch: with each step the chain is asked again. */
  status: EpochDetail['status']
}

export function EpochChecks({ epoch, domain, anchor, status }: EpochChecksProps) {
  const about = [epoch.lane, epoch.epoch, epoch.anchorSignature, status]
  const checks = useBrowserChecks('epoch', { epoch, domain, anchor }, about)
  return <ChecksList subject="epoch" checks={checks} names={Object.values(epochCheckNames)} />
}
