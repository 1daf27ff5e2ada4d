/** What the gas bench measures, in words, and the targets that the project sets itself. */

export interface GasFigures {
  /**
   * Gas of a whole transaction, its base of 21,000 and its calldata included. Another claim of the provider by this lane
   * came before it in the epoch; {@link claimOneOfNewEpoch} is what the first one costs.
   */
  readonly claimOne: number
  /** A fiftieth of a transaction with 50 claims, the provider's first of its epoch included. */
  readonly claimEachOf50: number
  readonly anchor: number
  readonly proveReceipt: number
  readonly claimOneFirst: number
  readonly claimEachOf50First: number
  readonly claimOneOfNewEpoch: number
  readonly claimOneNotSetAside: number
  /** Half of a transaction with two claims, as providers with fewer vouchers than `claimEach` pays for are claimed for. */
  readonly claimManyOf2: number
  readonly anchorFirst: number
  /** Gas of an epoch's anchor, divided by its 65,536 receipts. */
  readonly evidencePerReceiptAt65536: number
}

export const figures: readonly { name: keyof GasFigures; title: string; targetMax?: number }[] = [
  { name: 'claimOne', title: 'a repeat claim, alone, into an epoch that is open already', targetMax: 50_000 },
  { name: 'claimOneOfNewEpoch', title: 'a repeat claim, alone, the first of its epoch for provider and lane' },
  { name: 'claimEachOf50', title: 'a repeat claim, one of 50 for a provider', targetMax: 22_000 },
  { name: 'anchor', title: 'an epoch anchored, of any number of receipts', targetMax: 105_000 },
  { name: 'proveReceipt', title: 'a receipt proved on-chain, one of 2^17', targetMax: 55_000 },
  { name: 'evidencePerReceiptAt65536', title: 'evidence for each of 65,536 receipts of an epoch', targetMax: 2 },
  { name: 'claimOneFirst', title: 'the first claim of a channel, alone' },
  { name: 'claimEachOf50First', title: 'the first claim of a channel, one of 50' },
  { name: 'claimOneNotSetAside', title: 'a repeat claim, alone, of which nothing is set aside' },
  { name: 'claimManyOf2', title: 'a repeat claim, one of 2 by claimMany' },
  { name: 'anchorFirst', title: "a lane's first epoch anchored" },
]

/** Those of `gas` above the target that the project sets itself: `name: measured, asked ≤ target`. */
export function missedTargets(gas: Partial<GasFigures>): string[] {
  return figures.flatMap(({ name, targetMax }) => {
    const value = gas[name] ?? NaN
    return targetMax === undefined || value <= targetMax ? [] : [`${name}: ${value}, asked ≤ ${targetMax}`]
  })
}
