/**
 * What of the chain's numbers fits Postgres. A contract holds 72 bits and more, a BIGINT column 63: a payer may sign a
 * ceiling of any size, and one event that cannot be stored must never stop the reading of all others.
 */
import type { ChainEvent } from '../ports/chain-port.ts'

/** Largest BIGINT. In µUSD above 9.2·10¹² USD, which every reader may take for "no limit". */
const BIGINT_MAX = 2n ** 63n - 1n
const INT_MAX = 2 ** 31 - 1

/** µUSD as a BIGINT column takes it: what is larger becomes the largest. */
export function storedMicroUsd(microUsd: bigint): bigint {
  return microUsd > BIGINT_MAX ? BIGINT_MAX : microUsd
}

/** False for an event that names a row which no table can hold: an epoch of 64 bits, say. Nothing of ours makes one. */
export function isStorable(event: ChainEvent): boolean {
  if ('epoch' in event && event.epoch > BIGINT_MAX) return false
  return event.kind !== 'record' || event.version === null || event.version <= INT_MAX
}
