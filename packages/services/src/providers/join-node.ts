/**
 * A node joins its provider: a valid token, and proof that whoever presents it holds the node's key.
 *
 * The token is spent in the transaction that writes the node, so it admits exactly one. The same key presenting the
 * same token again gets its first answer, because an agent may lose the reply. The worker binds the key on the chain.
 */
import { AppError, newId } from '@isochrone/domain'
import { addressToBytes32, nodeInventory, recoverStructSigner, type Hex, type NodeInventory } from '@isochrone/protocol'
import { commitAndPublish } from '../control/commit-and-publish.ts'
import { listingDraft } from '../listings/listing-draft.ts'
import { recordControlChange } from '../control/record-control-change.ts'
import type { JoinDescription, JoinedNode, JoinNodeInput } from '../control-plane.ts'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import type { ControlPlaneRepositories, ProvidersStore } from '../ports/control-plane-store.ts'
import type { JoinTokenRow } from '../ports/rows.ts'
import { gpuClassOf } from './gpu-class.ts'
import { joinTokenHash } from './join-tokens.ts'
import {
  makeTerms,
  pricesFromJson,
  promisesSchema,
  rentalJson,
  GPUS_MAX,
  type RentalJson,
  type TermsDocument,
} from './terms.ts'

type Deps = Pick<ControlPlaneDeps, 'store' | 'stream' | 'clock' | 'chain' | 'gatewayUrls' | 'witnessUrls'>

/** Set for the demonstration's own nodes only: a curve behind the timing, one host behind all. No request of the web can say them. */
export interface DemoTraits {
  simulated: boolean
  sharedHost: boolean
  failureDomain: string
}

/**
 * What an agent needs in order to prove its key. A spent token is described too, because an agent that lost the reply
 * to its join asks again from the start; another key is refused when it presents the token.
 */
export async function describeJoin(deps: Deps, { token }: { token: string }): Promise<JoinDescription> {
  const row = await knownToken(deps.store.providers, token, deps.clock.nowMs())
  const provider = await deps.store.providers.byId(row.providerId)
  if (!provider) throw refused()
  return {
    providerId: provider.id,
    providerName: provider.name,
    nodeName: row.nodeName,
    chainId: deps.chain.chainId,
    registryAddress: deps.chain.registry,
    gatewayUrls: [...deps.gatewayUrls],
    expiresAt: row.expiresAt.toISOString(),
  }
}

/**
 * @param traits Of the operator's own demonstration: the only nodes that join without a listing. For everybody else a token admits the
 * node of the listing that it was made for, and no other.
 * @throws AppError `unauthenticated` for such a token; `forbidden` for a proof of another key; `state_conflict` for a key that was used.
 */
export async function joinNode(deps: Deps, input: JoinNodeInput, traits?: DemoTraits): Promise<JoinedNode> {
  const nodeKey = checkedAddress(input.nodeKey)
  const nodeId = addressToBytes32(nodeKey)
  const inventory = nodeInventory.safeParse(input.inventory)
  if (!inventory.success) {
    const issue = inventory.error.issues[0]
    const field = ['inventory', ...(issue?.path ?? [])].join('.')
    throw new AppError('invalid_input', { publicMessage: `${field}: ${issue?.message ?? 'is not valid'}`, field })
  }
  const token = await deps.store.providers.joinTokenByHash(joinTokenHash(input.token))
  if (!token) throw refused()
  if (token.usedByNodeId === nodeId) return joinedAlready(deps, nodeId)

  requireProof(deps, token.providerId as Hex, nodeKey, input.proof)
  const joined = await commitAndPublish(deps, async (tx) => {
    // Spending the token locks its row, so of two that race the second waits here and then sees the first one's node.
    if (!(await tx.providers.useJoinToken(token.id, nodeId, new Date(deps.clock.nowMs())))) return null
    if (await tx.providers.node(nodeId)) {
      throw new AppError('state_conflict', {
        publicMessage:
          'This node key has joined before. Join with another --data-dir: the agent makes a fresh key there.',
      })
    }
    const id = newId('node')
    const proof = input.proof.toLowerCase()
    const rental = { ...rentalJson.parse(token.prices), ...input.rental }
    // A node of a listing is kept from the chain, and so from the market, until the listing is submitted and checked.
    const listing = await tx.listings.join(token.id, nodeId, proof)
    if (listing === 'closed' || (listing === 'none' && !traits)) throw refused()
    const keyProof = listing === 'joined' ? null : proof
    // Declared in the wizard before the agent ran: checks that come before the listing is submitted must know of it.
    const declared = listing === 'joined' ? listingDraft.safeParse(await tx.listings.draftOf(token.id)).data : undefined
    const sharedHost = traits?.sharedHost ?? declared?.machine?.sharedHost ?? false
    await insertNode(tx, { id, nodeId, token, keyProof, inventory: inventory.data, rental, traits, sharedHost })
    const now = new Date(deps.clock.nowMs())
    const uuids = inventory.data.gpus.flatMap((gpu) => gpu.uuids)
    await tx.verification.claimGpus(nodeId, uuids, now)
    await tx.verification.makeDue(nodeId, now)
    await recordControlChange(tx.control, { nodeIds: [nodeId] })
    return { nodeId, id, nodeName: token.nodeName, ...pointsOf(deps) }
  })
  if (joined) return joined
  const spent = await deps.store.providers.joinTokenByHash(joinTokenHash(input.token))
  if (spent?.usedByNodeId === nodeId) return joinedAlready(deps, nodeId)
  throw refused()
}

async function insertNode(
  tx: ControlPlaneRepositories,
  row: {
    id: string
    nodeId: string
    token: JoinTokenRow
    keyProof: string | null
    inventory: NodeInventory
    rental: RentalJson
    traits: DemoTraits | undefined
    sharedHost: boolean
  },
): Promise<void> {
  const { token, traits } = row
  const perGpuHourMicroUsd = BigInt(row.rental.gpuHourMicroUsd ?? '0')
  const gpus = perGpuHourMicroUsd > 0n ? gpusToLease(row.inventory, row.rental.gpus) : 0
  const document: TermsDocument = {
    version: 3,
    nodeName: token.nodeName,
    region: token.region,
    country: token.country,
    simulated: traits?.simulated ?? false,
    sharedHost: row.sharedHost,
    tier: token.tier,
    dataPolicy: token.dataPolicy,
    ...(gpus > 0 && { gpus }),
  }
  const terms = makeTerms({
    providerId: token.providerId as Hex,
    prices: pricesFromJson(token.prices),
    promises: promisesSchema.parse(token.promises),
    document,
    perGpuHourMicroUsd,
  })
  await tx.providers.insertTerms({ ...terms, providerId: token.providerId })
  await tx.providers.insertNode({
    nodeId: row.nodeId,
    id: row.id,
    name: token.nodeName,
    providerId: token.providerId,
    termsHash: terms.hash,
    region: token.region,
    country: token.country,
    // Until a provider declares what its nodes share, each is taken to fail by itself.
    failureDomain: traits?.failureDomain ?? row.id,
    simulated: document.simulated,
    tier: token.tier,
    dataPolicy: token.dataPolicy,
    gpuClass: gpuClassOf(row.inventory),
    inventory: row.inventory,
    keyProof: row.keyProof,
  })
}

/** Those declared, and never more than were detected; all of them where nothing is declared. A node without GPUs has one place. */
function gpusToLease({ gpus }: NodeInventory, declared: number | undefined): number {
  const detected = gpus.reduce((sum, { count }) => sum + count, 0)
  if (detected > 0 && declared !== undefined && declared > detected) {
    throw new AppError('invalid_input', {
      publicMessage: `gpus: ${declared} are offered for leases, and the node has ${detected}.`,
      field: 'gpus',
    })
  }
  return declared ?? (detected > 0 ? Math.min(detected, GPUS_MAX) : 1)
}

async function joinedAlready(deps: Deps, nodeId: string): Promise<JoinedNode> {
  const node = await deps.store.providers.node(nodeId)
  if (!node) throw refused()
  return { nodeId, id: node.id, nodeName: node.name, ...pointsOf(deps) }
}

/** Whom an agent dials from its start. */
function pointsOf({ gatewayUrls, witnessUrls = [] }: Deps) {
  return { gatewayUrls: [...gatewayUrls], witnessUrls: [...witnessUrls] }
}

function requireProof(deps: Deps, providerId: Hex, nodeKey: Hex, proof: string): void {
  const domain = { chainId: deps.chain.chainId, verifyingContract: deps.chain.registry }
  const signature = proof.toLowerCase() as Hex
  const signer = /^0x[0-9a-f]{130}$/.test(signature)
    ? recoverStructSigner(domain, 'NodeKey', { value: { providerId, nodeKey }, signature })
    : null
  if (signer === nodeKey) return
  throw new AppError('forbidden', { publicMessage: 'The proof is not by this node key for this provider.' })
}

async function knownToken(providers: ProvidersStore, token: string, nowMs: number): Promise<JoinTokenRow> {
  const row = await providers.joinTokenByHash(joinTokenHash(token))
  if (!row || (!row.usedAt && row.expiresAt.getTime() <= nowMs)) throw refused()
  return row
}

/** One answer for unknown, used and expired: a guesser learns nothing. */
function refused(): AppError {
  return new AppError('unauthenticated', {
    publicMessage:
      'The join token is not valid: unknown, used or expired. Create another one in the listing that it is for.',
  })
}

function checkedAddress(text: string): Hex {
  const lower = text.toLowerCase()
  if (/^0x[0-9a-f]{40}$/.test(lower)) return lower as Hex
  throw new AppError('invalid_input', { publicMessage: 'nodeKey: is not an address.', field: 'nodeKey' })
}
