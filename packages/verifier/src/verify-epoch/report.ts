/** What a verification found: each check with its verdict, and every mismatch with its line, in words. */
import type { Hex } from '@isochrone/protocol'

/** In the order in which they are reported. */
export const checkNames = {
  form: 'Every line can be read',
  header: 'The header says what the chain and the deployment say',
  terms: 'Terms and their documents hash to what receipts name',
  sequence: 'Lane numbers run without gap; no receipt is there twice',
  links: 'Deliveries answer their work and bill no more than it',
  prices: 'Every price follows from its terms',
  signatures: 'Every signature is of whom it should be',
  root: 'Count, sum and Merkle root follow from the receipts',
  sla: 'Performance counts and records follow from the receipts',
  vouchers: 'Vouchers claim what receipts make due',
  anchor: 'The chain anchored these receipts',
  dataHash: 'The file is the one that the chain names',
  registry: 'Nodes and terms are registered to the provider that is paid',
  claims: 'Nothing was claimed beyond a signed voucher',
  records: 'Records on the ledger follow from the receipts',
} as const
export type CheckName = keyof typeof checkNames

export interface Mismatch {
  check: CheckName
  /** Of the epoch file, from 1; null where no line is to blame. */
  line: number | null
  /** What was compared, as it is named in a sentence. */
  what: string
  expected: string
  found: string
}

export interface CheckResult {
  name: CheckName
  title: string
  ok: boolean
  /** How much was compared, or why it could not be. */
  detail: string
  mismatches: number
}

export interface EpochReport {
  ok: boolean
  lane: Hex
  epoch: number
  chainId: number
  /** Delivery and lease receipts. */
  receipts: number
  leaves: number
  /** Σ price, µUSD. */
  sumMicroUsd: bigint
  dataHash: Hex
  checks: CheckResult[]
  /** What public data cannot settle, and what would. */
  notes: string[]
  /** What `ok` says nothing about, because it could not be checked: short names with what it takes. */
  unchecked: string[]
  /** The lowest line first; what no line is to blame for comes last. */
  firstMismatch: Mismatch | null
  /** At most a hundred. */
  mismatches: Mismatch[]
}

/** One mismatch as a sentence. */
export function sentenceOf({ line, what, expected, found }: Mismatch): string {
  const sentence = `${what}: expected ${expected}, found ${found}.`
  return line === null ? sentence : `Line ${line}: ${sentence}`
}

const MISMATCHES_KEPT = 100

/** Collects while checks run. Only the first hundred are kept; all are counted. */
export class Findings {
  readonly #kept: Mismatch[] = []
  readonly #counts = new Map<CheckName, number>()
  readonly #details = new Map<CheckName, string>()
  readonly notes: string[] = []
  readonly unchecked: string[] = []

  add(check: CheckName, line: number | null, what: string, expected: unknown, found: unknown): void {
    this.#counts.set(check, this.countOf(check) + 1)
    const mismatch = { check, line, what, expected: String(expected), found: String(found) }
    if (this.#kept.length < MISMATCHES_KEPT) this.#kept.push(mismatch)
    // Signatures come late: one of an early line is worth more than the last that was kept.
    else if (positionOf(mismatch) < positionOf(this.#kept.at(-1) as Mismatch))
      this.#kept[MISMATCHES_KEPT - 1] = mismatch
    else return
    this.#kept.sort((a, b) => positionOf(a) - positionOf(b))
  }

  /** Adds a mismatch unless both are alike. */
  same(check: CheckName, line: number | null, what: string, expected: unknown, found: unknown): void {
    if (expected !== found) this.add(check, line, what, expected, found)
  }

  detail(check: CheckName, text: string): void {
    this.#details.set(check, text)
  }

  countOf(check: CheckName): number {
    return this.#counts.get(check) ?? 0
  }

  get mismatches(): Mismatch[] {
    return [...this.#kept]
  }

  checks(): CheckResult[] {
    return (Object.keys(checkNames) as CheckName[]).map((name) => ({
      name,
      title: checkNames[name],
      ok: this.countOf(name) === 0,
      detail: this.#details.get(name) ?? '',
      mismatches: this.countOf(name),
    }))
  }
}

const positionOf = ({ line }: Mismatch): number => line ?? Number.POSITIVE_INFINITY
