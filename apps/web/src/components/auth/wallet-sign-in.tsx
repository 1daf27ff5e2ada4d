'use client'
/** Sign-In with Ethereum (EIP-4361): the wallet signs a sentence with our nonce; nothing is sent to the chain. */
import { useState } from 'react'
import { Wallet } from 'lucide-react'
import { Button } from '~/components/ui/button.tsx'
import { Notice } from '~/components/ui/notice.tsx'
import { walletErrorText } from '~/lib/money/wallet-error.ts'
import { useWallets, type AnnouncedWallet } from './use-wallets.ts'

/** `chainId`: the chain that the platform settles on; the signature is bound to it. */
export function WalletSignIn({ chainId, onSignedIn }: { chainId: number; onSignedIn: () => Promise<void> }) {
  const wallets = useWallets()
  const [pending, setPending] = useState<string | null>(null)
  const [error, setError] = useState<string | null>(null)

  async function enter(wallet: AnnouncedWallet) {
    setPending(wallet.info.uuid)
    setError(null)
    try {
      const { proveAddress } = await import('~/lib/money/prove-address.ts')
      await proveAddress(wallet.provider, chainId)
      await onSignedIn()
    } catch (thrown) {
      setError(walletErrorText(thrown))
    } finally {
      setPending(null)
    }
  }
  return (
    <div className="flex flex-col gap-2">
      {wallets.map((wallet) => (
        <Button key={wallet.info.uuid} pending={pending === wallet.info.uuid} onClick={() => void enter(wallet)}>
          <Wallet aria-hidden className="size-4" /> Continue with {wallet.info.name}
        </Button>
      ))}
      {wallets.length === 0 && (
        <Button disabledReason="No wallet was found in this browser. Install one, or use email and password.">
          <Wallet aria-hidden className="size-4" /> Sign in with Ethereum
        </Button>
      )}
      {wallets.length === 0 && <p className="text-xs text-ink-3">No wallet was found in this browser.</p>}
      {error && (
        <Notice tone="bad" live>
          {error}
        </Notice>
      )}
    </div>
  )
}
