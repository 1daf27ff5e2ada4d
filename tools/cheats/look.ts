/** What became of a node: its verdicts as they are stored, whether anything is placed on it, and what was billed for it. */
import { createChainReader, getIsochroneEvents } from '@isochrone/contracts-client'
import type { Hex } from '@isochrone/protocol'
import type { CheckKind, CheckRow } from '@isochrone/services'
import { until, type EmptyMarket } from './empty-market.ts'
import type { ListedNode } from './list-node.ts'

export async function checkOf({ store }: EmptyMarket, { nodeId }: ListedNode, kind: CheckKind): Promise<CheckRow> {
  const check = (await store.verification.newestChecks([nodeId])).find((each) => each.kind === kind)
  if (!check) throw new Error(`${nodeId} has no verdict on ${kind}`)
  return check
}

/** The verdict of a check that the worker makes from now on; an undecided one is tried again, so often at most. */
export async function checkAgain(
  world: EmptyMarket,
  node: ListedNode,
  kind: CheckKind,
  triesMax = 1,
): Promise<CheckRow> {
  for (let tried = 1; ; tried++) {
    const askedMs = Date.now()
    const isChecked = async () => {
      // Said again: a check that was under way writes its own next time over it.
      await world.store.verification.makeDue(node.nodeId, new Date(askedMs))
      return (await checkOf(world, node, kind)).checkedAt.getTime() > askedMs
    }
    await until(`${node.name} is checked again`, isChecked)
    const check = await checkOf(world, node, kind)
    if (check.verdict !== 'unverifiable' || tried >= triesMax) return check
  }
}

export async function listingOf({ controlPlane }: EmptyMarket, { owner, listingId: id }: ListedNode) {
  return controlPlane.listings.detail({ orgId: owner.orgId, id })
}

/** As customers see the market. */
export async function isOffered({ controlPlane }: EmptyMarket, { nodeId }: ListedNode): Promise<boolean> {
  return (await controlPlane.marketplace.offers({})).offers.some((offer) => offer.nodeId === nodeId)
}

/** As gateways are told. */
export async function isPlaceable({ store }: EmptyMarket, { nodeId }: ListedNode): Promise<boolean> {
  const [state] = await store.control.nodes([nodeId])
  return state?.active === true && !state.barred
}

export interface Answered {
  readonly status: number
  readonly requestId: string
  /** `node_…`; null where none served. */
  readonly node: string | null
  readonly tokensIn: number
  readonly tokensCached: number
  readonly tokensOut: number
  readonly costMicroUsd: bigint
}

interface Completion {
  usage?: { prompt_tokens: number; completion_tokens: number; prompt_tokens_details?: { cached_tokens?: number } }
}

/** One completion, as the team's own program would ask for it. */
export async function ask(
  { market, team }: EmptyMarket,
  { model, prompt, tokensOutMax = 8 }: { model: string; prompt: string; tokensOutMax?: number },
): Promise<Answered> {
  const response = await fetch(`${market.info.gatewayUrl}/v1/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${team.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, prompt, max_tokens: tokensOutMax, temperature: 0 }),
  })
  const { usage } = (await response.json()) as Completion
  const tokensCached = usage?.prompt_tokens_details?.cached_tokens ?? 0
  return {
    status: response.status,
    requestId: response.headers.get('x-request-id') ?? '',
    node: response.headers.get('x-isochrone-node'),
    tokensIn: (usage?.prompt_tokens ?? 0) - tokensCached,
    tokensCached,
    tokensOut: usage?.completion_tokens ?? 0,
    costMicroUsd: BigInt(response.headers.get('x-isochrone-cost-micro-usd') ?? 0),
  }
}

/** Once it is linked and its place on the market is known everywhere. */
export async function untilServed(world: EmptyMarket, model: string, node: ListedNode): Promise<void> {
  await until(`${node.name} serves ${model}`, async () => {
    const { status, node: served } = await ask(world, { model, prompt: 'Is anybody there?' })
    return status === 200 && served === node.id
  })
}

/** What the chain took from the team for this provider, µUSD. */
export async function claimedFor({ market, deployment, team }: EmptyMarket, providerId: string): Promise<bigint> {
  const reader = createChainReader({ rpcUrl: market.info.chainRpcUrl, deployment })
  const toBlock = await reader.publicClient.getBlockNumber()
  const events = await getIsochroneEvents(reader, { fromBlock: BigInt(deployment.blockNumber), toBlock })
  let paid = 0n
  for (const event of events) {
    if (event.eventName !== 'Claimed') continue
    const { channelId, providerId: to, paid: part } = event.args
    if (same(channelId, team.channelId) && same(to, providerId)) paid += part
  }
  return paid
}

const same = (one: Hex, other: string): boolean => one.toLowerCase() === other.toLowerCase()
