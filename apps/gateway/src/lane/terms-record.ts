/**
 * The terms of a node as the control state has them, checked before the first attempt under them: what an epoch file
 * shows must hash to what the receipts name.
 */
import { AppError } from '@isochrone/domain'
import {
  decodeStruct,
  documentHashOf,
  encodeStruct,
  termsHashOf,
  type Hex,
  type NodeState,
  type Terms,
} from '@isochrone/protocol'
import type { TermsRecord } from './records.ts'

/** Throws `internal` when terms, document, hash and provider do not fit each other, or are from before prices were signed. */
export function termsRecordOf(node: NodeState): TermsRecord {
  const terms = fittingTerms(node)
  if (!terms) throw new AppError('internal', { publicMessage: `The terms of ${node.name} do not fit their hash.` })
  const { termsHash, termsDocument } = node
  return { type: 'terms', termsHash: termsHash as Hex, terms: encodeStruct('Terms', terms), document: termsDocument }
}

function fittingTerms({ terms: json, termsHash, termsDocument, providerId }: NodeState): Terms | null {
  try {
    const terms = decodeStruct('Terms', json)
    const fit =
      termsHashOf(terms) === termsHash &&
      documentHashOf(termsDocument) === terms.documentHash &&
      terms.providerId === providerId
    return fit ? terms : null
  } catch {
    return null
  }
}
