/** The creation bytecode of each contract as this version of the code would deploy it, and its hash. */
import { keccak256, type Hex } from 'viem'

import { contradictionsBytecode } from './bytecode/contradictions.ts'
import { disputeManagerBytecode } from './bytecode/dispute-manager.ts'
import { paymentChannelsBytecode } from './bytecode/payment-channels.ts'
import { providerRegistryBytecode } from './bytecode/provider-registry.ts'
import { receiptAnchorBytecode } from './bytecode/receipt-anchor.ts'
import { receiptHasherBytecode } from './bytecode/receipt-hasher.ts'
import { recordPanelsBytecode } from './bytecode/record-panels.ts'
import { signatureVerifierBytecode } from './bytecode/signature-verifier.ts'
import { slaLedgerBytecode } from './bytecode/sla-ledger.ts'
import { stakeVaultBytecode } from './bytecode/stake-vault.ts'
import { testUsdcBytecode } from './bytecode/test-usdc.ts'
import { timelockControllerBytecode } from './bytecode/timelock-controller.ts'
import type { ContractName } from './deployment.ts'

export const deploymentBytecode: Record<ContractName, Hex> = {
  timelock: timelockControllerBytecode,
  token: testUsdcBytecode,
  verifier: signatureVerifierBytecode,
  registry: providerRegistryBytecode,
  anchor: receiptAnchorBytecode,
  channels: paymentChannelsBytecode,
  vault: stakeVaultBytecode,
  ledger: slaLedgerBytecode,
  disputes: disputeManagerBytecode,
  contradictions: contradictionsBytecode,
  hasher: receiptHasherBytecode,
  panels: recordPanelsBytecode,
}

/** Keccak-256 of the creation bytecode, without constructor arguments. */
export function codeHashOf(contract: ContractName): Hex {
  return keccak256(deploymentBytecode[contract])
}
