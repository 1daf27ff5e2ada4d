/** The targets that the project sets itself for receipts, on one core. */

export interface ReceiptFigures {
  /** Work and delivery receipt of one attempt, each signed. */
  signPairsPerSecond: number
  verifyPairsPerSecond: number
  /** To build a Merkle tree over 100,000 receipts, ms. */
  merkle100kMs: number
}

export const targets: ReceiptFigures = { signPairsPerSecond: 8_000, verifyPairsPerSecond: 5_000, merkle100kMs: 2_000 }

/** Those that miss their target: `name: measured, asked ≥ target`. What was not measured misses it. */
export function missedTargets(found: ReceiptFigures): string[] {
  const missed: string[] = []
  for (const name of ['signPairsPerSecond', 'verifyPairsPerSecond'] as const) {
    if (!(found[name] >= targets[name])) missed.push(`${name}: ${found[name]}, asked ≥ ${targets[name]}`)
  }
  if (!(found.merkle100kMs <= targets.merkle100kMs)) {
    missed.push(`merkle100kMs: ${found.merkle100kMs}, asked ≤ ${targets.merkle100kMs}`)
  }
  return missed
}
