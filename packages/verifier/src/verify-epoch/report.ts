/** What a verification found: each check with its verdict, and every mismatch with its line, in words. */
import { isAppError, type AppError } from '@isochrone/domain'
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
  /** Null: it could not be checked, because the file cannot be read so far. */
  ok: boolean | null
  /** How much was compared, or why it could not be. */
  detail: string
  mismatches: number
}

export interface EpochReport {
  ok: boolean
  /** Null where the file cannot say, and nobody else did. */
  lane: Hex | null
  epoch: number | null
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
  /** Damage to the file first, then the lowest line; what no line is to blame for comes last. */
  firstMismatch: Mismatch | null
  /** At most a hundred. */
  mismatches: Mismatch[]
}

/** What a report says beside its findings. */
export type Reported = Pick<
  EpochReport,
  'lane' | 'epoch' | 'chainId' | 'receipts' | 'leaves' | 'sumMicroUsd' | 'dataHash'
>

export function reportOf(findings: Findings, reported: Reported): EpochReport {
  const { mismatches, notes, unchecked } = findings
  const ok = mismatches.length === 0
  const firstMismatch = mismatches[0] ?? null
  return { ok, ...reported, checks: findings.checks(), notes, unchecked, firstMismatch, mismatches }
}

/** One mismatch as a sentence. */
export function sentenceOf({ line, what, expected, found }: Mismatch): string {
  const sentence = `${what}: expected ${expected}, found ${found}.`
  return line === null ? sentence : `Line ${line}: ${sentence}`
}

/** Why a line cannot be read, without the line's number and the full stop: as the end of a sentence that has both. */
export function reasonOf(error: AppError): string {
  const { publicMessage } = isAppError(error.cause) ? error.cause : error
  return publicMessage.replace(/^Line \d+ of the epoch file cannot be read\. /, '').replace(/\.$/, '')
}

const MISMATCHES_KEPT = 100

/**
 * Which of several on one line is named first: what says most. A changed value breaks its signature too, and anything breaks
 * root and hash.
 */
const order: readonly CheckName[] = [
  'form',
  'header',
  'sequence',
  'links',
  'terms',
  'prices',
  'sla',
  'vouchers',
  'registry',
  'claims',
  'records',
  'signatures',
  'root',
  'anchor',
  'dataHash',
]

/** Collects while checks run. Only the first hundred are kept; all are counted. */
export class Findings {
  readonly #kept: Mismatch[] = []
  #damage: Mismatch | null = null
  readonly #counts = new Map<CheckName, number>()
  readonly #details = new Map<CheckName, string>()
  readonly #leftOpen = new Set<CheckName>()
  readonly notes: string[] = []
  readonly unchecked: string[] = []

  add(check: CheckName, line: number | null, what: string, expected: unknown, found: unknown): void {
    this.#counts.set(check, this.countOf(check) + 1)
    const mismatch = { check, line, what, expected: String(expected), found: String(found) }
    if (this.#kept.length < MISMATCHES_KEPT) this.#kept.push(mismatch)
    // Signatures come late: one of an early line is worth more than the last that was kept.
    else if (compare(mismatch, this.#kept.at(-1) as Mismatch) < 0) this.#kept[MISMATCHES_KEPT - 1] = mismatch
    else return
    this.#kept.sort(compare)
  }

  /** Adds a mismatch unless both are alike. */
  same(check: CheckName, line: number | null, what: string, expected: unknown, found: unknown): void {
    if (expected !== found) this.add(check, line, what, expected, found)
  }

  /** That the file is damaged goes before everything else: what else is found may come of it. */
  addDamage(what: string, expected: string, found: string): void {
    this.#counts.set('form', this.countOf('form') + 1)
    this.#damage = { check: 'form', line: null, what, expected, found }
  }

  /** Named as not checked, unless something was found all the same. */
  leaveOpen(...checks: CheckName[]): void {
    for (const check of checks) this.#leftOpen.add(check)
  }

  detail(check: CheckName, text: string): void {
    this.#details.set(check, text)
  }

  countOf(check: CheckName): number {
    return this.#counts.get(check) ?? 0
  }

  get mismatches(): Mismatch[] {
    return [...(this.#damage ? [this.#damage] : []), ...this.#kept].slice(0, MISMATCHES_KEPT)
  }

  /** The lowest line of which something was found. */
  get firstLine(): number | null {
    return this.#kept[0]?.line ?? null
  }

  checks(): CheckResult[] {
    return (Object.keys(checkNames) as CheckName[]).map((name) => {
      const mismatches = this.countOf(name)
      const isOpen = mismatches === 0 && this.#leftOpen.has(name)
      const detail = isOpen ? 'not checked: the file cannot be read so far' : (this.#details.get(name) ?? '')
      return { name, title: checkNames[name], ok: isOpen ? null : mismatches === 0, detail, mismatches }
    })
  }
}

function compare(a: Mismatch, b: Mismatch): number {
  return positionOf(a) - positionOf(b) || order.indexOf(a.check) - order.indexOf(b.check)
}

/** Above every line, and still a number that can be subtracted. */
const positionOf = ({ line }: Mismatch): number => line ?? Number.MAX_SAFE_INTEGER
