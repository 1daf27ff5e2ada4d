/**
 * The ABIs of our contracts taken together: every event that an indexer follows, every error that a call can meet.
 */
import { contradictionsAbi } from './abi/contradictions.ts'
import { disputeManagerAbi } from './abi/dispute-manager.ts'
import { paymentChannelsAbi } from './abi/payment-channels.ts'
import { providerRegistryAbi } from './abi/provider-registry.ts'
import { receiptAnchorAbi } from './abi/receipt-anchor.ts'
import { recordPanelsAbi } from './abi/record-panels.ts'
import { signatureVerifierAbi } from './abi/signature-verifier.ts'
import { slaLedgerAbi } from './abi/sla-ledger.ts'
import { stakeVaultAbi } from './abi/stake-vault.ts'
import { testUsdcAbi } from './abi/test-usdc.ts'
import { timelockControllerAbi } from './abi/timelock-controller.ts'

/** The contracts whose events tell the marketplace's story. */
export const isochroneAbi = [
  ...providerRegistryAbi,
  ...receiptAnchorAbi,
  ...paymentChannelsAbi,
  ...stakeVaultAbi,
  ...slaLedgerAbi,
  ...disputeManagerAbi,
  ...contradictionsAbi,
  ...recordPanelsAbi,
] as const

/** All of them with the token, whose errors a deposit can meet, and the timelock, whose errors an administrator can. */
export const isochroneAbiWithToken = [
  ...isochroneAbi,
  ...signatureVerifierAbi,
  ...timelockControllerAbi,
  ...testUsdcAbi,
] as const

type AbiItem = (typeof isochroneAbiWithToken)[number]

/** The name of every custom error that our contracts, the timelock and the token declare. */
export type IsochroneErrorName = Extract<AbiItem, { type: 'error' }>['name']
