'use client'
/** wagmi on our one chain, with the wallets that announce themselves in this browser. */
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { defineChain } from 'viem'
import { createConfig, http, WagmiProvider } from 'wagmi'

export interface WalletChain {
  chainId: number
  rpcUrl: string
}

export function WalletProvider({ chainId, rpcUrl, children }: WalletChain & { children: ReactNode }) {
  const [config] = useState(() => {
    const chain = defineChain({
      id: chainId,
      name: 'Isochrone',
      nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
      rpcUrls: { default: { http: [rpcUrl] } },
    })
    return createConfig({ chains: [chain], transports: { [chain.id]: http(rpcUrl) }, pollingInterval: 500, ssr: true })
  })
  const [queries] = useState(() => new QueryClient())
  return (
    <WagmiProvider config={config} reconnectOnMount={false}>
      <QueryClientProvider client={queries}>{children}</QueryClientProvider>
    </WagmiProvider>
  )
}
