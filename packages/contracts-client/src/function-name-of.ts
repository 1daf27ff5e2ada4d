/** Which of our contracts' functions a transaction's data calls: for logs and records. */
import { toFunctionSelector, type AbiFunction, type Hex } from 'viem'

import { contradictionsAbi } from './abi/contradictions.ts'
import { disputeManagerAbi } from './abi/dispute-manager.ts'
import { paymentChannelsAbi } from './abi/payment-channels.ts'
import { providerRegistryAbi } from './abi/provider-registry.ts'
import { receiptAnchorAbi } from './abi/receipt-anchor.ts'
import { slaLedgerAbi } from './abi/sla-ledger.ts'
import { stakeVaultAbi } from './abi/stake-vault.ts'
import { testUsdcAbi } from './abi/test-usdc.ts'
import { timelockControllerAbi } from './abi/timelock-controller.ts'

const abis = [
  testUsdcAbi,
  timelockControllerAbi,
  stakeVaultAbi,
  providerRegistryAbi,
  disputeManagerAbi,
  contradictionsAbi,
  slaLedgerAbi,
  receiptAnchorAbi,
  paymentChannelsAbi,
] as const
let names: ReadonlyMap<string, string> | undefined

/** Null when it is none of ours. */
export function functionNameOf(data: Hex): string | null {
  names ??= new Map(
    abis
      .flatMap((abi) => abi.filter((item): item is typeof item & AbiFunction => item.type === 'function'))
      .map((item) => [toFunctionSelector(item), item.name]),
  )
  return names.get(data.slice(0, 10)) ?? null
}
