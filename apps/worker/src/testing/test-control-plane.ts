/** What the web app asks, on a test market: for the desk of disputes and records. Leases and live figures are no part of it. */
import { disputeDesk } from '@isochrone/contracts-client'
import { systemClock } from '@isochrone/domain'
import type { TestStack } from '@isochrone/local-stack'
import type { Hex } from '@isochrone/protocol'
import { createControlPlane, type ControlPlane } from '@isochrone/services'
import type { createChain } from '../chain/create-chain.ts'
import type { TestMarket } from './test-market.ts'

export function testControlPlane(
  { deployment, store, writer }: TestMarket,
  { chainRpcUrl }: Pick<TestStack, 'chainRpcUrl'>,
  { disputes }: Pick<ReturnType<typeof createChain>, 'disputes'>,
): ControlPlane {
  const { addresses } = deployment
  const lower = (address: string) => address.toLowerCase() as Hex
  return createControlPlane({
    store,
    live: {} as never,
    stream: {} as never,
    clock: systemClock,
    leaseBudget: {} as never,
    chain: {
      chainId: deployment.chainId,
      rpcUrl: chainRpcUrl,
      usdc: lower(addresses.token),
      channels: lower(addresses.channels),
      registry: lower(addresses.registry),
      anchor: lower(addresses.anchor),
      vault: lower(addresses.vault),
      operatorAddress: disputes.addresses.operator,
      managedOwnerAddress: disputes.addresses.managed,
      feeBps: 0,
    },
    disputes: disputeDesk(writer),
    gatewayUrls: [],
  })
}
