'use client'
/** Checks an epoch's anchor in this browser and shows what each check compared. */
import type { EpochDetail } from '@isochrone/services'
import { ChecksList, useBrowserChecks } from '~/components/checks-list.tsx'
import { epochCheckNames } from '~/lib/epoch-check-names.ts'
import type { SigningDomain } from '~/lib/signed-structs.ts'
import type { AnchorPlace } from '~/lib/verify-anchor.ts'

export interface EpochChecksProps {
  epoch: EpochDetail
  domain: SigningDomain
  anchor: AnchorPlace
}

export function EpochChecks({ epoch, domain, anchor }: EpochChecksProps) {
  const checks = useBrowserChecks(async () => {
    // viem is a large library that only this panel needs: it loads beside the page, not before it.
    const { compareAnchored, verifyEpochAnchor } = await import('~/lib/verify-epoch-anchor.ts')
    const { anchoredOf, hostOf, notAsked } = await import('~/lib/verify-anchor.ts')
    const anchored = await anchoredOf(epoch, anchor)
    return [
      ...(await verifyEpochAnchor(epoch, domain)),
      anchored ? compareAnchored(epoch, anchored, hostOf(anchor)) : notAsked(epochCheckNames.chain, anchor),
    ]
  }, [epoch.lane, epoch.epoch, epoch.anchorSignature, epoch.status])
  return <ChecksList subject="epoch" checks={checks} names={Object.values(epochCheckNames)} />
}
