/** The terms of an epoch file: in ascending order of their hashes, each with the document that it names. */
import type { Prices } from '@isochrone/domain'
import {
  documentHashOf,
  pricesOfTerms,
  termsHashOf,
  type EpochFileTerms,
  type Hex,
  type Terms,
} from '@isochrone/protocol'
import type { Findings } from '../report.ts'

export interface KnownTerms {
  terms: Terms
  prices: Prices
  line: number
}

export class TermsLines {
  readonly #findings: Findings
  readonly byHash = new Map<Hex, KnownTerms>()
  #lastHash = ''

  constructor(findings: Findings) {
    this.#findings = findings
  }

  check(line: number, { terms, document }: EpochFileTerms): void {
    const hash = termsHashOf(terms)
    if (hash <= this.#lastHash) this.#findings.add('terms', line, 'Order of terms', 'ascending hashes', hash)
    this.#lastHash = hash
    const named = terms.documentHash
    this.#findings.same('terms', line, 'Hash of the document of the terms', named, documentHashOf(document))
    this.byHash.set(hash, { terms, prices: pricesOfTerms(terms), line })
  }

  /** @param name of what names them, for the finding where they are missing. */
  of(line: number, name: string, hash: Hex): KnownTerms | undefined {
    const known = this.byHash.get(hash)
    if (!known) this.#findings.add('terms', line, `Terms of ${name}`, `terms ${hash} in the file`, 'none of that hash')
    return known
  }
}
