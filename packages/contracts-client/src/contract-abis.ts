/** The ABI of each contract of a deployment. */
import { contradictionsAbi } from './abi/contradictions.ts'
import { disputeManagerAbi } from './abi/dispute-manager.ts'
import { paymentChannelsAbi } from './abi/payment-channels.ts'
import { providerRegistryAbi } from './abi/provider-registry.ts'
import { receiptAnchorAbi } from './abi/receipt-anchor.ts'
import { receiptHasherAbi } from './abi/receipt-hasher.ts'
import { recordPanelsAbi } from './abi/record-panels.ts'
import { signatureVerifierAbi } from './abi/signature-verifier.ts'
import { slaLedgerAbi } from './abi/sla-ledger.ts'
import { stakeVaultAbi } from './abi/stake-vault.ts'
import { testUsdcAbi } from './abi/test-usdc.ts'
import { timelockControllerAbi } from './abi/timelock-controller.ts'
import type { ContractName } from './deployment.ts'

export const contractAbis = {
  timelock: timelockControllerAbi,
  token: testUsdcAbi,
  verifier: signatureVerifierAbi,
  registry: providerRegistryAbi,
  anchor: receiptAnchorAbi,
  channels: paymentChannelsAbi,
  vault: stakeVaultAbi,
  ledger: slaLedgerAbi,
  disputes: disputeManagerAbi,
  contradictions: contradictionsAbi,
  hasher: receiptHasherAbi,
  panels: recordPanelsAbi,
} as const satisfies Record<ContractName, readonly unknown[]>
