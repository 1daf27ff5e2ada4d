/**
 * Deploys all contracts in the order in which they need one another, wires them, and gives their administration to the
 * timelock. What the deployer holds in between it gives up in the end, and that is checked.
 */
import { invariant } from '@isochrone/domain'
import { encodeDeployData, zeroAddress, type Abi, type Address, type Hex, type PublicClient } from 'viem'

import { contractAbis } from '../contract-abis.ts'
import { codeHashOf, deploymentBytecode } from '../deployment-bytecode.ts'
import { contractNames, type ContractName, type Deployment, type DeploymentParams } from '../deployment.ts'
import type { TransactionSender } from '../transactions/transaction-sender.ts'
import { wireDeployment } from './wire-deployment.ts'

export interface DeployIsochroneInput {
  publicClient: PublicClient
  sender: TransactionSender
  params: DeploymentParams
  /** A token that is there already (real USDC). Without it a `TestUSDC` is deployed: development only. */
  token?: Address
}

type Addresses = Record<ContractName, Address>

/** Each contract needs only those of earlier waves; the contracts of one wave are sent together. */
const waves: readonly (readonly ContractName[])[] = [
  ['timelock', 'token', 'verifier', 'registry'],
  ['anchor'],
  ['channels', 'vault'],
  ['ledger', 'disputes', 'contradictions', 'hasher'],
  ['panels'],
]

export async function deployIsochrone(input: DeployIsochroneInput): Promise<Deployment> {
  const { publicClient, sender, params } = input
  const addresses = Object.fromEntries<Address>(contractNames.map((name) => [name, zeroAddress])) as Addresses
  let blockNumber: number | undefined

  async function deploy(name: ContractName): Promise<void> {
    const args = constructorArgs(name, { addresses, params, deployer: sender.account.address })
    const abi: Abi = contractAbis[name]
    const receipt = await sender.send({ data: encodeDeployData({ abi, bytecode: deploymentBytecode[name], args }) })
    invariant(receipt.contractAddress, `deploying ${name} gave no address`)
    addresses[name] = receipt.contractAddress
    blockNumber = Math.min(blockNumber ?? Infinity, Number(receipt.blockNumber))
  }

  if (input.token !== undefined) addresses.token = input.token
  for (const wave of waves) {
    await Promise.all(wave.filter((name) => name !== 'token' || input.token === undefined).map(deploy))
  }

  invariant(blockNumber !== undefined, 'a deployment has a first block')
  const codeHashes = Object.fromEntries(contractNames.map((name) => [name, codeHashOf(name)])) as Record<
    ContractName,
    Hex
  >
  const deployment: Deployment = {
    version: 3,
    chainId: await publicClient.getChainId(),
    addresses,
    blockNumber,
    codeHashes: { ...codeHashes, ...(input.token !== undefined && { token: null }) },
    params,
  }
  await wireDeployment({ publicClient, sender, deployment })
  return deployment
}

interface ConstructorContext {
  addresses: Addresses
  params: DeploymentParams
  deployer: Address
}

function constructorArgs(
  name: ContractName,
  { addresses, params: p, deployer }: ConstructorContext,
): readonly unknown[] {
  const { token, registry, anchor, channels, verifier } = addresses
  switch (name) {
    case 'timelock':
      return [BigInt(p.timelockDelayS), [p.admin], [p.admin], zeroAddress]
    case 'token':
    case 'verifier':
      return []
    case 'registry':
      return [deployer, p.feeBps, BigInt(p.keyThawS)]
    case 'anchor':
      return [registry]
    case 'channels':
      return [deployer, token, registry, anchor, verifier, p.treasury, BigInt(p.graceS), BigInt(p.channelThawS)]
    case 'vault':
      return [deployer, token, registry, BigInt(p.stakeThawS), BigInt(p.marginS), disputeDeadlines(p)]
    case 'ledger':
      return [deployer, ledgerParameters(addresses, p)]
    case 'disputes':
      return [deployer, disputeParameters(addresses, p), p.arbiters]
    case 'contradictions':
      return [deployer, contradictionParameters(addresses, p)]
    case 'hasher':
      return [channels]
    case 'panels':
      return [addresses.disputes, addresses.ledger, registry]
  }
}

function ledgerParameters({ token, registry, anchor, channels, vault }: Addresses, p: DeploymentParams) {
  return {
    token,
    registry,
    receiptAnchor: anchor,
    channels,
    vault,
    treasury: p.treasury,
    challengeSeconds: BigInt(p.challengeS),
    rulingSeconds: BigInt(p.rulingS),
    freezeSeconds: BigInt(p.freezeS),
    bondMin: BigInt(p.challengeBondMicroUsd),
    falseRecordPenalty: BigInt(p.falseRecordPenaltyMicroUsd),
    rewardBps: p.recordRewardBps,
  }
}

function disputeParameters({ token, registry, anchor, channels, vault }: Addresses, p: DeploymentParams) {
  return {
    token,
    registry,
    receiptAnchor: anchor,
    channels,
    vault,
    treasury: p.treasury,
    bond: BigInt(p.disputeBondMicroUsd),
    appealBond: BigInt(p.appealBondMicroUsd),
    slashMax: BigInt(p.slashMaxMicroUsd),
    withholdingPenalty: BigInt(p.withholdingPenaltyMicroUsd),
    rewardBps: p.contradictionRewardBps,
  }
}

function contradictionParameters({ token, registry, channels, vault }: Addresses, p: DeploymentParams) {
  return {
    token,
    registry,
    channels,
    vault,
    treasury: p.treasury,
    penalty: BigInt(p.contradictionPenaltyMicroUsd),
    rewardBps: p.contradictionRewardBps,
  }
}

function disputeDeadlines(p: DeploymentParams) {
  return {
    fileSeconds: BigInt(p.fileS),
    respondSeconds: BigInt(p.respondS),
    ruleSeconds: BigInt(p.ruleS),
    appealSeconds: BigInt(p.appealS),
    appealRuleSeconds: BigInt(p.appealRuleS),
  }
}
