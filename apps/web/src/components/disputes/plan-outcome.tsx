'use client'
/** After a step was asked for: on its way by the platform's account, or waiting for the organisation's own wallet. */
import type { DisputePlan } from '@isochrone/services'
import { useRouter } from 'next/navigation'
import type { Address } from 'viem'
import { WalletProvider, type WalletChain } from '~/components/money/wallet-provider.tsx'
import { Notice } from '~/components/ui/notice.tsx'
import { Hash } from '~/components/ui/values.tsx'
import { CallSteps } from './call-steps.tsx'
import { useWalletCalls } from './use-wallet-calls.ts'
import { WalletButtons } from './wallet-buttons.tsx'

export function PlanOutcome({ plan, ...chain }: WalletChain & { plan: DisputePlan }) {
  if (plan.by === 'platform') {
    return (
      <Notice tone="good" live>
        Ordered: the platform’s account sends it within seconds. Follow it under “Asked for” on the page of disputes.
      </Notice>
    )
  }
  return (
    <WalletProvider {...chain}>
      <WalletSteps plan={plan} {...chain} />
    </WalletProvider>
  )
}

function WalletSteps({ plan, ...chain }: WalletChain & { plan: Extract<DisputePlan, { by: 'wallet' }> }) {
  const router = useRouter()
  const wallet = useWalletCalls(chain)
  return (
    <div className="flex flex-col gap-3">
      <Notice>
        Your own wallet sends this: <Hash value={plan.account} label="the account that has to sign" />
      </Notice>
      <WalletButtons
        word="Sign"
        pending={wallet.pending}
        onChoose={(connector) =>
          void (async () => {
            if ((await wallet.connect(connector)) === null) return
            await wallet.send(plan.calls, plan.account as Address)
            router.refresh()
          })()
        }
      />
      <CallSteps calls={plan.calls} reports={wallet.reports} />
      {wallet.problem && (
        <Notice tone="bad" live>
          {wallet.problem}
        </Notice>
      )}
    </div>
  )
}
