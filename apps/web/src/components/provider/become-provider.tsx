'use client'
/** Turns an organisation into a provider: a name, and the address that is paid. */
import { payoutMessage } from '@isochrone/domain'
import { CircleCheck, Wallet } from 'lucide-react'
import { useRouter } from 'next/navigation'
import { useState, type FormEvent } from 'react'
import { stringToHex } from 'viem'
import { createProvider } from '~/actions/provider.ts'
import { useWallets, type AnnouncedWallet } from '~/components/auth/use-wallets.ts'
import { Button } from '~/components/ui/button.tsx'
import { ErrorNotice } from '~/components/ui/error-notice.tsx'
import { Field } from '~/components/ui/field.tsx'
import { Notice } from '~/components/ui/notice.tsx'
import { formText } from '~/lib/form-text.ts'
import { useAction } from '~/lib/use-action.ts'
import { walletErrorText } from '~/lib/wallet-error.ts'

export interface BecomeProviderProps {
  orgId: string
  name: string
  disabledReason: string | undefined
}

export function BecomeProvider({ orgId, name, disabledReason }: BecomeProviderProps) {
  const router = useRouter()
  const create = useAction(createProvider)
  const wallets = useWallets()
  const [payoutAddress, setPayoutAddress] = useState('')
  /** Of the address as it stands; an edit drops it. */
  const [payoutSignature, setPayoutSignature] = useState<string | null>(null)
  const [walletError, setWalletError] = useState<string | null>(null)
  const errorOf = (field: string) => (create.error?.field === field ? create.error.message : undefined)
  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const result = await create.run({
      name: formText(form, 'name'),
      payoutAddress: payoutAddress.trim(),
      ...(payoutSignature !== null && { payoutSignature }),
    })
    if (result.ok) router.refresh()
  }
  async function sign({ provider }: AnnouncedWallet) {
    setWalletError(null)
    try {
      const [account] = await provider.request({ method: 'eth_requestAccounts' })
      if (!account) throw new Error('The wallet offered no account.')
      const message = stringToHex(payoutMessage({ orgId, payoutAddress: account }))
      const signature = await provider.request({ method: 'personal_sign', params: [message, account] })
      setPayoutAddress(account)
      setPayoutSignature(signature)
    } catch (thrown) {
      setWalletError(walletErrorText(thrown))
    }
  }
  return (
    <form onSubmit={(event) => void submit(event)} className="flex max-w-xl flex-col gap-3">
      <Field
        label="Name on the market"
        name="name"
        defaultValue={name}
        required
        maxLength={80}
        error={errorOf('name')}
      />
      <Field
        label="Payout address"
        name="payoutAddress"
        placeholder="0x…"
        required
        autoComplete="off"
        spellCheck={false}
        value={payoutAddress}
        onChange={(event) => {
          setPayoutAddress(event.target.value)
          setPayoutSignature(null)
        }}
        error={errorOf('payoutAddress')}
        hint="Receives USDC when an epoch settles. No key or seed phrase of yours is ever asked for."
      />
      <div className="flex flex-col items-start gap-1.5">
        {wallets.map((wallet) => (
          <Button key={wallet.info.uuid} onClick={() => void sign(wallet)} disabledReason={disabledReason}>
            <Wallet aria-hidden className="size-4" /> Be paid to {wallet.info.name}
          </Button>
        ))}
        <p role="status" className="flex items-center gap-1.5 text-xs text-ink-3">
          {payoutSignature ? (
            <>
              <CircleCheck aria-hidden className="size-3.5 text-good" /> This wallet has signed that it is to be paid.
            </>
          ) : wallets.length > 0 ? (
            'Or let your wallet fill the address in: it signs that it is the one to be paid, so no slip can lose money.'
          ) : (
            'Check every digit: what is paid to a wrong address is lost.'
          )}
        </p>
        {walletError && (
          <Notice tone="bad" live>
            {walletError}
          </Notice>
        )}
      </div>
      {create.error && !create.error.field && <ErrorNotice error={create.error} />}
      <Button
        type="submit"
        tone="primary"
        className="self-start"
        pending={create.pending}
        disabledReason={disabledReason}
      >
        Become a provider
      </Button>
    </form>
  )
}
