/**
 * What a contract can judge from signatures alone, found in any number of epoch files: a price that does not follow from
 * its terms, two deliveries under one number of a lane, two outputs of one attempt at a node.
 *
 * Files come in any order, also two of one epoch. Each is read twice, so that of most receipts only hashes are kept;
 * nothing counts whose signature is not of whom it should be, because no contract would take it.
 */
import { AppError } from '@isochrone/domain'
import {
  bytes32ToAddress,
  deliveryPriceMicroUsd,
  leasePriceMicroUsd,
  parseEpochFileLine,
  pricesOfTerms,
  readEpochFileText,
  recoverStructSigner,
  structHash,
  termsHashOf,
  type DeliveryReceipt,
  type EpochFileLine,
  type Hex,
  type LeaseReceipt,
  type Signed,
  type SigningDomain,
  type Terms,
  type WorkReceipt,
} from '@isochrone/protocol'
import { readEpochHeader } from '../verify-epoch/read-header.ts'
import type { OpenFile } from '../verify-epoch/open-file.ts'

export type Contradiction =
  | { kind: 'wrong price'; receipt: Signed<DeliveryReceipt>; terms: Terms }
  | { kind: 'wrong lease price'; receipt: Signed<LeaseReceipt>; terms: Terms }
  | { kind: 'two deliveries'; receipts: [Signed<DeliveryReceipt>, Signed<DeliveryReceipt>] }
  | { kind: 'two outputs'; receipts: [Signed<WorkReceipt>, Signed<WorkReceipt>] }

/** More names than that, two a receipt, are too much for one reading: about 2 GB of what is kept. */
const NAMES_MAX = 5_000_000
/** Of each kind; a lane or node that contradicts itself more often is named often enough. */
const FOUND_MAX = 1_000

export interface ContradictionLimits {
  /** A file that inflates to more is refused; whoever reads strangers' files sets it. */
  inflatedBytesMax?: number
  /** Deliveries and outputs that are kept in memory at once. */
  namesMax?: number
}

/** @throws AppError `invalid_input` when one is no epoch file, or too much is given at once. */
export async function findContradictions(
  files: readonly OpenFile[],
  limits: ContradictionLimits = {},
): Promise<Contradiction[]> {
  const finder = new Finder(await doubledNames(files, limits))
  for (const open of files) {
    const { chainId, paymentChannels: verifyingContract } = await readEpochHeader(open)
    const terms = new Map<Hex, Terms>()
    for await (const line of linesOf(open, limits)) {
      if (line.kind === 'terms') terms.set(termsHashOf(line.terms), line.terms)
      finder.take(line, terms, { chainId, verifyingContract })
    }
  }
  return finder.found
}

/** The second reading. */
class Finder {
  readonly found: Contradiction[] = []
  readonly #doubled: ReadonlySet<string>
  readonly #first = new Map<string, Signed<DeliveryReceipt> | Signed<WorkReceipt>>()
  readonly #taken = new Set<string>()
  readonly #counts = new Map<string, number>()

  constructor(doubled: ReadonlySet<string>) {
    this.#doubled = doubled
  }

  take(line: EpochFileLine, terms: ReadonlyMap<Hex, Terms>, domain: SigningDomain): void {
    if (line.kind === 'lease') {
      const known = terms.get(line.lease.termsHash)
      const receipt = { value: line.lease, signature: line.laneSignature }
      if (!known || leasePriceMicroUsd(line.lease, known) === line.lease.price) return
      if (isSigned('LeaseReceipt', receipt, domain))
        this.#add(structHash('LeaseReceipt', line.lease), { kind: 'wrong lease price', receipt, terms: known })
    }
    if (line.kind !== 'delivery') return
    const { delivery, work } = line
    this.#price(delivery, terms.get(delivery.value.termsHash), domain)
    const number = deliveryName(delivery.value)
    if (this.#doubled.has(number) && isSigned('DeliveryReceipt', delivery, domain)) {
      const before = this.#before(number, delivery)
      const isOther =
        before && structHash('DeliveryReceipt', before.value) !== structHash('DeliveryReceipt', delivery.value)
      if (isOther) this.#add(number, { kind: 'two deliveries', receipts: [before, delivery] })
    }
    const attempt = work && outputName(work.value)
    if (attempt && this.#doubled.has(attempt) && isSigned('WorkReceipt', work, domain)) {
      const before = this.#before(attempt, work)
      const isOther = before && before.value.outputHash !== work.value.outputHash
      if (isOther) this.#add(attempt, { kind: 'two outputs', receipts: [before, work] })
    }
  }

  #price(receipt: Signed<DeliveryReceipt>, terms: Terms | undefined, domain: SigningDomain): void {
    if (!terms || deliveryPriceMicroUsd(receipt.value, pricesOfTerms(terms)) === receipt.value.price) return
    if (isSigned('DeliveryReceipt', receipt, domain))
      this.#add(structHash('DeliveryReceipt', receipt.value), { kind: 'wrong price', receipt, terms })
  }

  /** What was signed under this name first; undefined for the first itself. */
  #before<T extends Signed<DeliveryReceipt> | Signed<WorkReceipt>>(name: string, signed: T): T | undefined {
    const before = this.#first.get(name) as T | undefined
    if (!before) this.#first.set(name, signed)
    return before
  }

  #add(key: string, contradiction: Contradiction): void {
    const count = this.#counts.get(contradiction.kind) ?? 0
    if (this.#taken.has(key) || count >= FOUND_MAX) return
    this.#taken.add(key)
    this.#counts.set(contradiction.kind, count + 1)
    this.found.push(contradiction)
  }
}

/** Names under which more than one thing stands. */
async function doubledNames(files: readonly OpenFile[], limits: ContradictionLimits): Promise<Set<string>> {
  const { namesMax = NAMES_MAX } = limits
  const seen = new Map<string, string>()
  const doubled = new Set<string>()
  const note = (name: string, what: string): void => {
    const before = seen.get(name)
    if (before === undefined) seen.set(name, what)
    else if (before !== what) doubled.add(name)
  }
  for (const open of files) {
    for await (const line of linesOf(open, limits)) {
      if (line.kind !== 'delivery') continue
      note(deliveryName(line.delivery.value), structHash('DeliveryReceipt', line.delivery.value))
      if (line.work) note(outputName(line.work.value), line.work.value.outputHash)
      if (seen.size <= namesMax) continue
      throw new AppError('invalid_input', { publicMessage: 'These are too many receipts at once: name fewer files.' })
    }
  }
  return doubled
}

async function* linesOf(open: OpenFile, { inflatedBytesMax }: ContradictionLimits): AsyncGenerator<EpochFileLine> {
  for await (const batch of readEpochFileText(open(), inflatedBytesMax === undefined ? {} : { inflatedBytesMax })) {
    for (const { lineNumber, text } of batch) yield parseEpochFileLine(lineNumber, text)
  }
}

const deliveryName = ({ lane, seq }: DeliveryReceipt): string => `delivery ${lane} ${seq}`

/** The contract compares outputs of one payer's same words alone. */
const outputName = ({ requestId, attempt, nodeId, channelId, requestHash }: WorkReceipt): string =>
  `output ${requestId} ${attempt} ${nodeId} ${channelId} ${requestHash}`

/** By the node on work, by the lane on the others. */
function isSigned<N extends 'DeliveryReceipt' | 'WorkReceipt' | 'LeaseReceipt'>(
  name: N,
  signed: Signed<N extends 'WorkReceipt' ? WorkReceipt : N extends 'LeaseReceipt' ? LeaseReceipt : DeliveryReceipt>,
  domain: SigningDomain,
): boolean {
  const { value } = signed
  const signer = 'lane' in value ? value.lane : value.nodeId
  try {
    return recoverStructSigner(domain, name, signed as never) === bytes32ToAddress(signer)
  } catch {
    // A signer that is no address: no contract takes it.
    return false
  }
}
