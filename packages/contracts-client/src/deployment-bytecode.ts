/** The creation bytecode of each contract as this version of the code would deploy it, and its hash. */
import { keccak256, type Hex } from 'viem'

import { paymentChannelsBytecode } from './bytecode/payment-channels.ts'
import { providerRegistryBytecode } from './bytecode/provider-registry.ts'
import { receiptAnchorBytecode } from './bytecode/receipt-anchor.ts'
import { receiptHasherBytecode } from './bytecode/receipt-hasher.ts'
import { testUsdcBytecode } from './bytecode/test-usdc.ts'
import type { ContractName } from './deployment.ts'

export const deploymentBytecode: Record<ContractName, Hex> = {
  token: testUsdcBytecode,
  registry: providerRegistryBytecode,
  anchor: receiptAnchorBytecode,
  channels: paymentChannelsBytecode,
  hasher: receiptHasherBytecode,
}

/** Keccak-256 of the creation bytecode, without constructor arguments. */
export function codeHashOf(contract: ContractName): Hex {
  return keccak256(deploymentBytecode[contract])
}
