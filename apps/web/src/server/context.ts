/** What one page render needs of the platform: who is looking, the API as they may call it, and public facts. */
import { createCaller, viewerFromHeaders, type ApiCaller } from '@isochrone/api'
import type { Viewer } from '@isochrone/services'
import { headers } from 'next/headers'
import { cache } from 'react'
import type { Hex } from 'viem'
import { platform } from './platform.ts'

/** Null for a visitor. Asked once a render. */
export const viewer = cache(async (): Promise<Viewer | null> => {
  const requestHeaders = await headers()
  return viewerFromHeaders(await platform(), requestHeaders)
})

/** The API, called in-process with the rights of who is looking. */
export const api = cache(async (): Promise<ApiCaller> => {
  const { controlPlane } = await platform()
  return createCaller({ controlPlane, viewer: await viewer() })
})

export interface ChainContext {
  chainId: number
  rpcUrl: string
  /** Verifying contract of receipts. */
  paymentChannels: Hex
}

export async function chainContext(): Promise<ChainContext> {
  const { deployment, env } = await platform()
  return {
    chainId: deployment.chainId,
    rpcUrl: env.CHAIN_RPC_URL,
    paymentChannels: deployment.addresses.channels.toLowerCase() as Hex,
  }
}

/** The gateway that examples name. */
export async function gatewayUrl(): Promise<string> {
  const { env } = await platform()
  return env.GATEWAY_URLS[0] ?? ''
}

export async function webUrl(): Promise<string> {
  return (await platform()).env.WEB_URL
}
