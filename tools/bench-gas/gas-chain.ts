/**
 * A local chain that says what each transaction cost: our contracts, deployed in a fixed order by fixed keys, so that
 * addresses, signatures and with them calldata are the same bytes in every run.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { contractAbis, deploymentBytecode } from '@isochrone/contracts-client'
import type { Hex } from '@isochrone/protocol'
import { freePort, jsonRpc, startAnvil } from '@isochrone/local-stack'
import { createPublicClient, encodeDeployData, encodeFunctionData, http, type Abi, type Address } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'

/** anvil's first well-known key: it owns coins there and nothing anywhere else. */
export const operatorKey: Hex = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80'
export const graceSeconds = 300n
export const thawSeconds = 600n

type Contract = 'token' | 'registry' | 'anchor' | 'verifier' | 'channels'

export interface GasChain {
  readonly chainId: number
  readonly operator: Address
  readonly addresses: Readonly<Record<Contract, Address>>
  /** Sends a call, and resolves with the gas that its whole transaction used. Throws when it was reverted. */
  send(contract: Contract, functionName: string, args: readonly unknown[]): Promise<number>
  stop(): Promise<void>
}

/** Calls are given by name: their types are those of any contract. */
const abis: Readonly<Record<Contract, Abi>> = contractAbis
const gasMax = 25_000_000n

export async function startGasChain(): Promise<GasChain> {
  const dir = mkdtempSync(join(tmpdir(), 'isochrone-gas-'))
  const anvil = await startAnvil({ stateFile: undefined, logFile: join(dir, 'anvil.log'), port: await freePort() })
  const client = createPublicClient({ transport: http(anvil.url), cacheTime: 0 })
  const account = privateKeyToAccount(operatorKey)
  const chainId = await client.getChainId()
  let nonce = 0

  async function include(to: Address | undefined, data: Hex) {
    const serialized = await account.signTransaction({
      type: 'eip1559',
      chainId,
      nonce: nonce++,
      gas: gasMax,
      maxFeePerGas: 100_000_000_000n,
      maxPriorityFeePerGas: 1n,
      data,
      ...(to !== undefined && { to }),
    })
    const hash = await client.sendRawTransaction({ serializedTransaction: serialized })
    await jsonRpc(anvil.url, 'evm_mine', [], 30_000)
    const receipt = await client.waitForTransactionReceipt({ hash, pollingInterval: 5, timeout: 30_000 })
    if (receipt.status !== 'success') throw new Error(`A transaction of the gas bench was reverted: ${hash}`)
    return receipt
  }

  async function deploy(contract: Contract, args: readonly unknown[]): Promise<Address> {
    const data = encodeDeployData({ abi: abis[contract], bytecode: deploymentBytecode[contract], args })
    const { contractAddress } = await include(undefined, data)
    if (!contractAddress) throw new Error(`Deploying ${contract} gave no address`)
    return contractAddress
  }

  const operator = account.address
  const token = await deploy('token', [])
  const registry = await deploy('registry', [operator, 250, thawSeconds])
  const anchor = await deploy('anchor', [registry])
  const verifier = await deploy('verifier', [])
  const channelsArgs = [operator, token, registry, anchor, verifier, operator, graceSeconds, thawSeconds]
  const addresses = { token, registry, anchor, verifier, channels: await deploy('channels', channelsArgs) }

  return {
    chainId,
    operator,
    addresses,
    async send(contract, functionName, args) {
      const data = encodeFunctionData({ abi: abis[contract], functionName, args })
      return Number((await include(addresses[contract], data)).gasUsed)
    },
    async stop() {
      await anvil.stop()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}
