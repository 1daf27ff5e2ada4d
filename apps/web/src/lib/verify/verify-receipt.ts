/**
 * Checks a receipt in the reader's own browser: nothing here asks our servers whether they are honest.
 *
 * The signed fields, both signatures, the terms and the Merkle proofs come with the page; every hash is computed anew. A
 * check ends valid, invalid or unverifiable, and says what it compared.
 */
import { brokenLinks, type BrokenLink } from '@isochrone/protocol/receipt-links'
import type { ReceiptView } from '@isochrone/services'
import { invalid, unverifiable, valid, type BrowserCheck } from '../page/browser-check.ts'
import { addressOf, shortHash } from '../words/format.ts'
import { checkNames } from './receipt-check-names.ts'
import { leafOf, signerOf, structHashOf, type Fields, type SigningDomain } from './signed-structs.ts'
import { pathCheck } from './verify-path.ts'
import { checkPrice, checkTerms } from './verify-terms.ts'

/** All checks of one receipt, in the order in which a person would make them. */
export async function verifyReceipt(receipt: ReceiptView, domain: SigningDomain): Promise<BrowserCheck[]> {
  return [
    await checkDelivery(receipt, domain),
    await checkWork(receipt, domain),
    checkTerms(receipt.terms, receipt.delivery.termsHash),
    checkPrice(receipt),
    checkInclusion(receipt),
    ...(receipt.work ? [checkWorkInclusion(receipt, receipt.work)] : []),
  ]
}

const { delivery: DELIVERY, work: WORK, inclusion: INCLUSION, workInclusion: WORK_INCLUSION } = checkNames

async function checkDelivery(receipt: ReceiptView, domain: SigningDomain): Promise<BrowserCheck> {
  const hash = structHashOf('DeliveryReceipt', receipt.delivery)
  if (hash !== receipt.deliveryHash)
    return invalid(DELIVERY, `The fields hash to ${shortHash(hash)}, not to the hash shown.`)
  const signer = await signerOf('DeliveryReceipt', receipt.delivery, receipt.deliverySignature, domain)
  const lane = addressOf(String(receipt.delivery.lane))
  return signer === lane
    ? valid(DELIVERY, `Signature recovers to lane ${shortHash(lane)}, chain ${domain.chainId}.`)
    : invalid(DELIVERY, `Signature recovers to ${shortHash(signer ?? 'nobody')}, not to lane ${shortHash(lane)}.`)
}

async function checkWork(receipt: ReceiptView, domain: SigningDomain): Promise<BrowserCheck> {
  const { work, workSignature } = receipt
  if (!work || !workSignature) {
    if (BigInt(String(receipt.delivery.workHash)) !== 0n) return invalid(WORK, 'The work receipt it names is missing.')
    const detail =
      Number(receipt.delivery.billedOut) > 0
        ? 'The link to the node was lost before it signed: the bill is what the gateway saw pass.'
        : 'The node never answered, so it signed nothing.'
    return unverifiable(WORK, detail)
  }
  const hash = structHashOf('WorkReceipt', work)
  if (hash !== receipt.delivery.workHash) return invalid(WORK, 'The delivery receipt refers to other work.')
  const [broken] = brokenLinks(receipt.delivery, work)
  if (broken) return invalid(WORK, brokenSentence(broken))
  const signer = await signerOf('WorkReceipt', work, workSignature, domain)
  const node = addressOf(String(work.nodeId))
  return signer === node
    ? valid(
        WORK,
        `Signature recovers to node ${shortHash(node)}; the delivery receipt carries its hash, and bills no more.`,
      )
    : invalid(WORK, `Signature recovers to ${shortHash(signer ?? 'nobody')}, not to node ${shortHash(node)}.`)
}

function brokenSentence({ field, kind, delivered, worked }: BrokenLink): string {
  if (kind === 'bill') return `The delivery receipt bills ${delivered} as ${field}, the work has ${worked}.`
  return `The delivery receipt says ${shortHash(String(delivered))} as ${field}, the work ${shortHash(String(worked))}.`
}

function checkInclusion({ inclusion, delivery, epoch }: ReceiptView): BrowserCheck {
  if (!inclusion) return unverifiable(INCLUSION, 'Its epoch is still open: the root comes when it closes.')
  const leaf = leafOf('DeliveryReceipt', structHashOf('DeliveryReceipt', delivery))
  return pathCheck(INCLUSION, 'this receipt', leaf, inclusion, epoch)
}

function checkWorkInclusion({ workInclusion, epoch }: ReceiptView, work: Fields): BrowserCheck {
  if (!workInclusion) return unverifiable(WORK_INCLUSION, 'Its epoch is still open: the root comes when it closes.')
  const leaf = leafOf('WorkReceipt', structHashOf('WorkReceipt', work))
  return pathCheck(WORK_INCLUSION, 'the work receipt', leaf, workInclusion, epoch)
}
