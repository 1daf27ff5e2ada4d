/** What an epoch's receipts add up to: owed by each channel to each provider, and earned by each provider. */
import type { Hex, Terms } from '@isochrone/protocol'

/** What a (channel, provider) owes by the receipts of this epoch. */
export interface Due {
  channelId: Hex
  providerId: Hex
  /** µUSD. */
  sum: bigint
}

/** A node, whom its terms say it belongs to, and where that was said first. */
export interface NodeOfProvider {
  nodeId: Hex
  providerId: Hex
  line: number
}

export class Dues {
  /** By channel and provider. */
  readonly byPair = new Map<string, Due>()
  readonly nodes = new Map<string, NodeOfProvider>()
  readonly #earned = new Map<Hex, bigint>()

  add(line: number, receipt: { nodeId: Hex; channelId: Hex; price: bigint }, { providerId }: Terms): void {
    const { nodeId, channelId, price } = receipt
    const node = nodeId + providerId
    if (!this.nodes.has(node)) this.nodes.set(node, { nodeId, providerId, line })
    this.#earned.set(providerId, this.earnedBy(providerId) + price)
    const key = channelId + providerId
    const due = this.byPair.get(key)
    if (due) due.sum += price
    else this.byPair.set(key, { channelId, providerId, sum: price })
  }

  /** Takes a correction's µUSD off what a receipt added. */
  refund(channelId: Hex, { providerId }: Terms, microUsd: bigint): void {
    const due = this.byPair.get(channelId + providerId)
    if (due) due.sum -= microUsd
  }

  /** Σ price of a provider's receipts, µUSD, before corrections. */
  earnedBy(providerId: Hex): bigint {
    return this.#earned.get(providerId) ?? 0n
  }
}
