/**
 * Gives a managed payout account earnings at once, for tests in a browser: real test money on the chain, and the row that the
 * indexer writes of a settled epoch. The account can pay every micro-dollar of it out.
 */
import { createDb } from '@isochrone/db'
import { createChainWriter, mintTestUsdc, readDeployment, tokenBalance } from '@isochrone/contracts-client'
import type { Hex } from '@isochrone/protocol'
import { developmentKeys } from '@isochrone/runtime'
import { randomBytes } from 'node:crypto'
import type { InstanceInfo } from '../instance-file.ts'

/** No service of a development machine sends by it. */
const PAYER_KEY = developmentKeys[9]

/** @returns what a wallet holds on the chain, µUSD. */
export async function payManagedAccount(
  { databaseUrl, chainRpcUrl: rpcUrl, deploymentFile }: InstanceInfo,
  { providerName, microUsd }: { providerName: string; microUsd: bigint },
): Promise<(wallet: string) => Promise<bigint>> {
  const deployment = await readDeployment(deploymentFile)
  if (!deployment) throw new Error(`${deploymentFile} is missing: the contracts are not deployed.`)
  const chain = createChainWriter({ rpcUrl, deployment, privateKey: PAYER_KEY })
  const db = createDb(databaseUrl, { connectionsMax: 1 })
  try {
    const { id: providerId, payoutAddress } = await db.provider.findFirstOrThrow({
      where: { name: providerName, payoutCustody: 'managed' },
    })
    await mintTestUsdc(chain, { to: payoutAddress as Hex, amount: microUsd })
    const hash = () => `0x${randomBytes(32).toString('hex')}`
    const money = { grossMicroUsd: microUsd, feeMicroUsd: 0n, netMicroUsd: microUsd }
    const place = { txHash: hash(), logIndex: 0, lane: hash(), epoch: 0n, blockNumber: 0n, atMs: BigInt(Date.now()) }
    await db.payout.create({ data: { providerId, ...money, ...place } })
  } finally {
    await db.$disconnect()
  }
  return (wallet) => tokenBalance(chain, wallet as Hex)
}
