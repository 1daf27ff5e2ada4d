'use client'
/** The address of a provider's own wallet, filled in by the wallet itself, which signs that it is the one to be paid. */
import { payoutMessage } from '@isochrone/domain'
import { CircleCheck, Wallet } from 'lucide-react'
import { useState } from 'react'
import { stringToHex } from 'viem'
import { useWallets, type AnnouncedWallet } from '~/components/auth/use-wallets.ts'
import { Button } from '~/components/ui/button.tsx'
import { Field } from '~/components/ui/field.tsx'
import { Notice } from '~/components/ui/notice.tsx'
import { walletErrorText } from '~/lib/money/wallet-error.ts'

export interface Payout {
  address: string
  /** Of `payoutMessage`; null until the wallet has signed. */
  signature: string | null
}
export const noPayout: Payout = { address: '', signature: null }

export interface PayoutFieldsProps {
  orgId: string
  payout: Payout
  onChange: (payout: Payout) => void
  error: string | undefined
  disabledReason: string | undefined
}

export function PayoutFields({ orgId, payout, onChange, error, disabledReason }: PayoutFieldsProps) {
  const wallets = useWallets()
  const [walletError, setWalletError] = useState<string | null>(null)
  async function sign({ provider }: AnnouncedWallet) {
    setWalletError(null)
    try {
      const [account] = await provider.request({ method: 'eth_requestAccounts' })
      if (!account) throw new Error('The wallet offered no account.')
      const message = stringToHex(payoutMessage({ orgId, payoutAddress: account }))
      onChange({
        address: account,
        signature: await provider.request({ method: 'personal_sign', params: [message, account] }),
      })
    } catch (thrown) {
      setWalletError(walletErrorText(thrown))
    }
  }
  return (
    <>
      <Field
        label="Payout address"
        name="payoutAddress"
        placeholder="0x…"
        required
        readOnly
        autoComplete="off"
        spellCheck={false}
        value={payout.address}
        error={error}
        hint="Your wallet fills it in. It receives USDC when an epoch settles. No key or seed phrase of yours is ever asked for."
      />
      <div className="flex flex-col items-start gap-1.5">
        {wallets.map((wallet) => (
          <Button key={wallet.info.uuid} onClick={() => void sign(wallet)} disabledReason={disabledReason}>
            <Wallet aria-hidden className="size-4" /> Be paid to {wallet.info.name}
          </Button>
        ))}
        <p role="status" className="flex items-center gap-1.5 text-xs text-ink-3">
          {payout.signature ? (
            <>
              <CircleCheck aria-hidden className="size-3.5 text-good" /> This wallet has signed that it is to be paid.
            </>
          ) : wallets.length > 0 ? (
            'Your wallet signs that it is the one to be paid, so no slip can lose money. Signing costs nothing.'
          ) : (
            'No wallet was found in this browser. Open this page where yours is, or be paid to a managed account.'
          )}
        </p>
        {walletError && (
          <Notice tone="bad" live>
            {walletError}
          </Notice>
        )}
      </div>
    </>
  )
}
