/** Deploys all contracts, in the order in which they need one another, and says where they are. */
import { invariant } from '@isochrone/domain'
import { encodeDeployData, type Abi, type Address, type PublicClient } from 'viem'

import { paymentChannelsAbi } from '../abi/payment-channels.ts'
import { providerRegistryAbi } from '../abi/provider-registry.ts'
import { receiptAnchorAbi } from '../abi/receipt-anchor.ts'
import { receiptHasherAbi } from '../abi/receipt-hasher.ts'
import { testUsdcAbi } from '../abi/test-usdc.ts'
import { codeHashOf, deploymentBytecode } from '../deployment-bytecode.ts'
import type { ContractName, Deployment, DeploymentParams } from '../deployment.ts'
import type { TransactionSender } from '../transaction-sender.ts'

export interface DeployIsochroneInput {
  publicClient: PublicClient
  sender: TransactionSender
  params: DeploymentParams
  /** A token that is there already (real USDC). Without it a `TestUSDC` is deployed: development only. */
  token?: Address
}

const abis: Record<ContractName, Abi> = {
  token: testUsdcAbi,
  registry: providerRegistryAbi,
  anchor: receiptAnchorAbi,
  channels: paymentChannelsAbi,
  hasher: receiptHasherAbi,
}

export async function deployIsochrone(input: DeployIsochroneInput): Promise<Deployment> {
  const { publicClient, sender, params } = input
  let blockNumber: number | undefined

  async function deploy(name: ContractName, args: readonly unknown[]): Promise<Address> {
    const data = encodeDeployData({ abi: abis[name], bytecode: deploymentBytecode[name], args })
    const receipt = await sender.send({ data })
    invariant(receipt.contractAddress, `deploying ${name} gave no address`)
    blockNumber ??= Number(receipt.blockNumber)
    return receipt.contractAddress
  }

  const token = input.token ?? (await deploy('token', []))
  const registry = await deploy('registry', [params.admin, params.feeBps])
  const anchor = await deploy('anchor', [registry])
  const { admin, treasury, settleWindowS, thawS } = params
  const channelsArgs = [admin, token, registry, anchor, treasury, BigInt(settleWindowS), BigInt(thawS)]
  const channels = await deploy('channels', channelsArgs)
  const hasher = await deploy('hasher', [channels])

  invariant(blockNumber !== undefined, 'a deployment has a first block')
  return {
    chainId: await publicClient.getChainId(),
    addresses: { token, registry, anchor, channels, hasher },
    blockNumber,
    codeHashes: {
      token: input.token ? null : codeHashOf('token'),
      registry: codeHashOf('registry'),
      anchor: codeHashOf('anchor'),
      channels: codeHashOf('channels'),
      hasher: codeHashOf('hasher'),
    },
    params,
  }
}
