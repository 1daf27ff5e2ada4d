/**
 * The ABIs of our contracts taken together: every event that an indexer follows, every error that a call can meet.
 */
import { paymentChannelsAbi } from './abi/payment-channels.ts'
import { providerRegistryAbi } from './abi/provider-registry.ts'
import { receiptAnchorAbi } from './abi/receipt-anchor.ts'
import { testUsdcAbi } from './abi/test-usdc.ts'

/** Registry, anchors and channels: the contracts whose events tell the marketplace's story. */
export const isochroneAbi = [...providerRegistryAbi, ...receiptAnchorAbi, ...paymentChannelsAbi] as const

/** The same with the token, whose errors a deposit can meet. */
export const isochroneAbiWithToken = [...isochroneAbi, ...testUsdcAbi] as const

type AbiItem = (typeof isochroneAbiWithToken)[number]

/** The name of every custom error that our contracts and the token declare. */
export type IsochroneErrorName = Extract<AbiItem, { type: 'error' }>['name']
