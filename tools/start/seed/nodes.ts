/**
 * Admits the demo nodes by the operator's own way, which no request of the web can take: a token without a listing, the node
 * key's proof, and then the worker's transaction. They say that they share a host, and two of them that they are simulated.
 */
import { arch, cpus, release, totalmem, type as osType } from 'node:os'
import { addressToBytes32, signStruct, type Hex, type NodeInventory } from '@isochrone/protocol'
import { createJoinToken, joinNode, type ControlPlaneDeps, type Promises } from '@isochrone/services'
import type { SeedContext } from '../seed-types.ts'
import type { SeedParts } from './seed-parts.ts'

type Node = SeedContext['nodes'][number]

export async function ensureNodes(
  { store }: Pick<SeedParts, 'store'>,
  deps: ControlPlaneDeps,
  { providerId, userId, nodes }: { providerId: string; userId: string; nodes: readonly Node[] },
): Promise<void> {
  for (const node of nodes) {
    const nodeKey = node.address.toLowerCase() as Hex
    if (await store.providers.node(addressToBytes32(nodeKey))) continue
    const { token } = await createJoinToken(deps, {
      providerId,
      userId,
      nodeName: node.name,
      region: node.region,
      country: node.country,
      tier: node.tier,
      dataPolicy: node.dataPolicy,
      prices: pricesOf(node),
      rental: rentalOf(node),
      promises: promisesOf(node),
      expiresInHours: 1,
    })
    const domain = { chainId: deps.chain.chainId, verifyingContract: deps.chain.registry }
    const claim = { providerId: providerId as Hex, nodeKey }
    const proof = signStruct(domain, 'NodeKey', claim, node.privateKey).signature
    const traits = { simulated: node.engine === 'simulated', sharedHost: true, failureDomain: node.failureDomain }
    await joinNode(deps, { token, nodeKey, proof, inventory: inventoryOf(node) }, traits)
  }
}

function inventoryOf(node: Node): NodeInventory {
  const cores = cpus()
  const cpuModel = (cores[0]?.model.trim() || `${arch()} CPU`).slice(0, 200)
  return {
    hardware: node.gpu ? `${node.gpuCount} × NVIDIA ${node.gpu} (simulated)` : `${cpuModel} (${cores.length} cores)`,
    cpuModel,
    cpuCores: cores.length,
    memoryMib: Math.floor(totalmem() / 1_048_576),
    gpus: [],
    agentVersion: '0.1.0',
    os: `${osType()} ${release()}`.slice(0, 80),
  }
}

/**
 * What the pages show as promises, set so that a node keeps them on a busy machine: a CPU is slow with long prompts, a
 * simulated GPU server answers as its curve says. A tenth of what was spent comes back where one is broken.
 */
function promisesOf({ engine, capacity }: Node): Promises {
  const speed =
    engine === 'simulated'
      ? { ttftBaseMs: 1_500, ttftPerKtokMs: 400, tpotUs: 100_000 }
      : { ttftBaseMs: 5_000, ttftPerKtokMs: 20_000, tpotUs: 500_000 }
  return { ...speed, concurrencyMax: capacity, penaltyBps: 1_000, sloRegion: '' }
}

/** A whole GPU server by the GPU; a CPU by engines, of which it runs two beside its own. */
function rentalOf({ gpu, gpuCount }: Node) {
  if (gpu === null) return { gpus: 2, gpuHourMicroUsd: '120000' }
  return { gpus: gpuCount, gpuHourMicroUsd: gpu === 'H200' ? '2900000' : '4600000' }
}

/** Cached input at half price; traffic at what neoclouds ask or less, µUSD per 10⁹ bytes. */
function pricesOf({ pricePerMtok }: Node) {
  return {
    inMicroUsdPerMtok: pricePerMtok.in,
    cachedMicroUsdPerMtok: pricePerMtok.in / 2n,
    outMicroUsdPerMtok: pricePerMtok.out,
    inMicroUsdPerGb: 10_000n,
    outMicroUsdPerGb: 50_000n,
  }
}
