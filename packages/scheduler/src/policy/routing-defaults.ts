/**
 * What a policy means where a person said nothing, with the reason for each number.
 *
 * All may be overridden by a request or by an organisation; nothing here is a limit.
 */
import type { RoutingPolicy } from '../placement.ts'
import type { RoutingSort } from './routing-wish.ts'

/**
 * What a second is worth, µUSD: until the first token, and of the text that follows.
 *
 * The scale is 10,000 µUSD/s = 36 USD/h, about what an hour of a person's work costs an employer in a rich country:
 * what a second is worth while somebody sits and waits.
 */
export const secondsBySort: Readonly<Record<RoutingSort, { first: number; generation: number }>> = {
  /** 0.72 USD/h: of two prices within a few per cent the nearer wins, and waiting buys nothing else. */
  price: { first: 200, generation: 2 },
  /** One caller in ten is a waiting person. Text that streams faster than it is read (20 tokens/s) saves a fifth of that. */
  balanced: { first: 1_000, generation: 200 },
  /** A person waits for each first token, and reads what follows while it comes. */
  latency: { first: 10_000, generation: 1_000 },
  /** A program waits for the last token: the stream's speed counts, its start is a small part. */
  throughput: { first: 1_000, generation: 10_000 },
}

/**
 * Targets that shape the score where nobody named any; they promise nothing. Whoever sorts by price has said that a slow
 * answer is welcome: two seconds feel like an answer and 20 tokens/s are four times the speed of silent reading; ten seconds keep a person's attention (Nielsen, 1993), and 5 tokens/s are silent reading.
 */
export const targetsBySort: Readonly<Record<RoutingSort, { ttftSloMs: number; tpotSloMs: number }>> = {
  price: { ttftSloMs: 10_000, tpotSloMs: 200 },
  balanced: { ttftSloMs: 2_000, tpotSloMs: 50 },
  latency: { ttftSloMs: 2_000, tpotSloMs: 50 },
  throughput: { ttftSloMs: 2_000, tpotSloMs: 50 },
}

export const routingDefaults = {
  sort: 'balanced',
  /** Those of `sort`; other sorts have their own. */
  ...targetsBySort.balanced,
  /** Without a target of one's own, a late answer is better than none. */
  admission: 'capacity',
  minTrust: 'claimed',
  dataPolicy: 'any',
  allowFallbacks: true,
} as const satisfies Partial<RoutingPolicy> & { sort: RoutingSort }
