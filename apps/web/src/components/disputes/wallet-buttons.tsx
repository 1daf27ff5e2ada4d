'use client'
/** A button for each wallet of this browser; without one it says so. */
import { Wallet } from 'lucide-react'
import { useConnectors, type Connector } from 'wagmi'
import { Button } from '~/components/ui/button.tsx'

export function WalletButtons({
  word,
  pending,
  onChoose,
}: {
  /** `Sign` becomes “Sign with NAME”. */
  word: string
  pending: boolean
  onChoose: (connector: Connector) => void
}) {
  const connectors = useConnectors()
  if (connectors.length === 0) {
    return (
      <Button tone="primary" className="self-start" disabledReason="No wallet was found in this browser.">
        <Wallet aria-hidden className="size-4" />
        {word} with a wallet
      </Button>
    )
  }
  return (
    <div className="flex flex-wrap gap-2">
      {connectors.map((connector) => (
        <Button key={connector.uid} tone="primary" pending={pending} onClick={() => onChoose(connector)}>
          <Wallet aria-hidden className="size-4" />
          {word} with {connector.name}
        </Button>
      ))}
    </div>
  )
}
