/** What one page render needs of the platform: who is looking, the API as they may call it, and public facts. */
import { createCaller, openedFor, viewerFromHeaders, type ApiCaller } from '@isochrone/api'
import type { Viewer } from '@isochrone/services'
import { headers } from 'next/headers'
import { cache } from 'react'
import type { Hex } from 'viem'
import { browserRpcUrl, platform } from './platform.ts'

/** Null for a visitor. Asked once a render. */
export const viewer = cache(async (): Promise<Viewer | null> => {
  const requestHeaders = await headers()
  return viewerFromHeaders(await platform(), requestHeaders)
})

/** The API, called in-process with the rights of who is looking: for what a page reads. */
export const api = cache(async (): Promise<ApiCaller> => callerFor(null))

/**
 * The same for what a form does, which is refused where its tab was opened for another organisation. The page that Next
 * renders in the answer to the form is not: it shows whom the person works for now.
 */
export const actionApi = cache(async (): Promise<ApiCaller> => callerFor(openedFor(await headers())))

async function callerFor(organisation: string | null): Promise<ApiCaller> {
  const { controlPlane } = await platform()
  return createCaller({ controlPlane, viewer: await viewer(), openedFor: organisation })
}

export interface ChainContext {
  chainId: number
  /** As a browser reaches it. */
  rpcUrl: string
  /** The endpoint that anyone may use; null when the deployment names none. */
  publicRpcUrl: string | null
  /** Verifying contract of receipts and vouchers. */
  paymentChannels: Hex
  /** Verifying contract of anchors. */
  receiptAnchor: Hex
  /** Verifying contract of performance records. */
  slaLedger: Hex
}

export async function chainContext(): Promise<ChainContext> {
  const { deployment, env } = await platform()
  const addressOf = (name: 'channels' | 'anchor' | 'ledger') => deployment.addresses[name].toLowerCase() as Hex
  return {
    chainId: deployment.chainId,
    rpcUrl: browserRpcUrl(env),
    publicRpcUrl: env.CHAIN_PUBLIC_RPC_URL ?? null,
    paymentChannels: addressOf('channels'),
    receiptAnchor: addressOf('anchor'),
    slaLedger: addressOf('ledger'),
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

/** µUSD, as the contract was deployed. */
export async function appealBondMicroUsd(): Promise<bigint> {
  return BigInt((await platform()).deployment.params.appealBondMicroUsd)
}

/** As deployed: what must be put up to say that an epoch's file is withheld, and that a record is wrong, µUSD; and how long after the anchor, s. */
export async function filingBonds(): Promise<{ withheld: bigint; record: bigint; fileS: number }> {
  const { disputeBondMicroUsd, challengeBondMicroUsd, fileS } = (await platform()).deployment.params
  return { withheld: BigInt(disputeBondMicroUsd), record: BigInt(challengeBondMicroUsd), fileS }
}
