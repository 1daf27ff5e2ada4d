/**
 * Checks one receipt pair from first principles: who signed, whether the two belong together, whether the price follows
 * from the terms. Nothing here trusts what the database says about a receipt.
 */
import {
  addressToBytes32,
  decodeStruct,
  deliveryPriceMicroUsd,
  documentHashOf,
  fault,
  pricesOfTerms,
  recoverStructSigner,
  structHash,
  termsHashOf,
  ZERO_BYTES32,
  type DeliveryReceipt,
  type Hex,
  type SigningDomain,
  type StructName,
  type Terms,
  type WorkReceipt,
} from '@isochrone/protocol'
import { termsOfStored, type StoredTerms } from '../providers/terms.ts'
import type { Check } from './views/common.ts'

export interface ReceiptEvidence {
  delivery: unknown
  deliverySignature: string
  work: unknown
  workSignature: string | null
}

/** @param stored the terms whose hash the receipt names, null when they are not at hand. */
export function checkReceipt(domain: SigningDomain, evidence: ReceiptEvidence, stored: StoredTerms | null): Check[] {
  const delivery = decoded('DeliveryReceipt', evidence.delivery)
  if (!delivery) return [check('delivery_signature', 'invalid', 'The delivery receipt is malformed.')]
  const work = decoded('WorkReceipt', evidence.work)
  const signature = evidence.deliverySignature as Hex
  const signer = recoverStructSigner(domain, 'DeliveryReceipt', { value: delivery, signature })
  return [
    signerCheck('delivery_signature', 'gateway lane', signer, delivery.lane),
    ...workChecks(domain, delivery, work, evidence),
    priceCheck(delivery, stored),
  ]
}

function workChecks(
  domain: SigningDomain,
  delivery: DeliveryReceipt,
  work: WorkReceipt | null,
  evidence: ReceiptEvidence,
): Check[] {
  if (delivery.workHash === ZERO_BYTES32) {
    return [check('work_signature', 'unverifiable', unsignedWork(delivery))]
  }
  if (!work || !evidence.workSignature) {
    return [check('work_signature', 'invalid', 'The delivery names a work receipt that is missing or malformed.')]
  }
  const signature = evidence.workSignature as Hex
  const signer = recoverStructSigner(domain, 'WorkReceipt', { value: work, signature })
  return [signerCheck('work_signature', 'node', signer, work.nodeId), matchCheck(delivery, work)]
}

function unsignedWork({ billedOut }: DeliveryReceipt): string {
  return billedOut > 0
    ? 'The link to the node was lost before it signed: the bill is what the gateway saw pass.'
    : 'The node never answered, so it signed nothing.'
}

function matchCheck(delivery: DeliveryReceipt, work: WorkReceipt): Check {
  const same = (['channelId', 'requestId', 'attempt', 'nodeId', 'termsHash'] as const).find(
    (field) => delivery[field] !== work[field],
  )
  if (structHash('WorkReceipt', work) !== delivery.workHash) {
    return check('work_matches', 'invalid', 'The delivery receipt names another work receipt.')
  }
  if (same) return check('work_matches', 'invalid', `Work and delivery differ in ${same}.`)
  const within =
    delivery.billedIn <= work.tokensIn &&
    delivery.billedCached <= work.tokensCached &&
    delivery.billedOut <= work.tokensOut
  return within
    ? check(
        'work_matches',
        'valid',
        'Work and delivery speak of the same attempt, and no more is billed than was done.',
      )
    : check('work_matches', 'invalid', 'More tokens are billed than the node counted.')
}

function priceCheck(delivery: DeliveryReceipt, stored: StoredTerms | null): Check {
  if (delivery.price === 0n && delivery.fault !== fault.none) {
    return check('price', 'valid', 'The attempt failed and costs nothing.')
  }
  const terms = stored && signedTerms(stored)
  if (terms === null) return check('price', 'unverifiable', 'The terms that it names are not at hand.')
  if (terms === 'malformed' || termsHashOf(terms) !== delivery.termsHash) {
    return check('price', 'invalid', 'The stored terms do not have the hash that the receipt names.')
  }
  if (documentHashOf(stored?.document) !== terms.documentHash) {
    return check('price', 'invalid', 'The stored listing is not the one that the terms bind.')
  }
  const expected = deliveryPriceMicroUsd(delivery, pricesOfTerms(terms))
  return expected === delivery.price
    ? check('price', 'valid', 'The price follows from the terms and the counts, to the micro-dollar.')
    : check('price', 'invalid', `The terms give ${expected} µUSD, the receipt says ${delivery.price} µUSD.`)
}

/** Null: from before prices were signed. */
function signedTerms(stored: StoredTerms): Terms | null | 'malformed' {
  try {
    return termsOfStored(stored)
  } catch {
    return 'malformed'
  }
}

/** @param signer whoever signed, null for nobody; @param named the 32-byte name that the receipt gives. */
function signerCheck(
  name: 'delivery_signature' | 'work_signature',
  who: string,
  signer: Hex | null,
  named: string,
): Check {
  if (signer !== null && addressToBytes32(signer) === named)
    return check(name, 'valid', `Signed by the ${who} ${signer}.`)
  return check(name, 'invalid', `Not signed by the ${who} that it names.`)
}

function decoded<N extends StructName>(name: N, json: unknown) {
  try {
    return decodeStruct(name, json)
  } catch {
    return null
  }
}

function check(name: Check['name'], verdict: Check['verdict'], detail: string): Check {
  return { name, verdict, detail }
}
