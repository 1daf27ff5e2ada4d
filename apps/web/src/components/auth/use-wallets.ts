'use client'
/** Wallets that announce themselves in this browser (EIP-6963), in the order in which they did. */
import { useSyncExternalStore } from 'react'
import type { EIP1193Provider } from 'viem'

export interface AnnouncedWallet {
  info: { uuid: string; name: string; rdns: string }
  provider: EIP1193Provider
}

let wallets: readonly AnnouncedWallet[] = []
const none: readonly AnnouncedWallet[] = []

function subscribe(changed: () => void): () => void {
  const onAnnounce = (event: Event) => {
    const { detail } = event as CustomEvent<AnnouncedWallet>
    if (wallets.some(({ info }) => info.uuid === detail.info.uuid)) return
    wallets = [...wallets, detail]
    changed()
  }
  window.addEventListener('eip6963:announceProvider', onAnnounce)
  window.dispatchEvent(new Event('eip6963:requestProvider'))
  return () => window.removeEventListener('eip6963:announceProvider', onAnnounce)
}

export function useWallets(): readonly AnnouncedWallet[] {
  return useSyncExternalStore(
    subscribe,
    () => wallets,
    () => none,
  )
}
