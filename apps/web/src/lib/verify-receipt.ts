/**
 * Checks a receipt in the reader's own browser, with viem: nothing here asks our servers whether they are honest.
 *
 * The signed fields, both signatures and the Merkle proof come with the page; every hash is computed anew. A check ends
 * valid, invalid or unverifiable, and says what it compared.
 */
import { deliveryReceiptFields, workReceiptFields, type FieldList } from '@isochrone/protocol/receipt-fields'
import type { Check, ReceiptView } from '@isochrone/services'
import { concat, encodeAbiParameters, hashStruct, keccak256, recoverTypedDataAddress, type Hex } from 'viem'
import { addressOf, shortHash } from './format.ts'

export interface SigningDomain {
  chainId: number
  verifyingContract: Hex
}

export interface BrowserCheck {
  name: string
  verdict: Check['verdict']
  detail: string
}

type Fields = Record<string, string | number>
type StructName = 'DeliveryReceipt' | 'WorkReceipt'
const fieldLists: Record<StructName, FieldList> = {
  DeliveryReceipt: deliveryReceiptFields,
  WorkReceipt: workReceiptFields,
}
/** Tag of a delivery receipt in the tree's leaves, see the protocol's `merkle.ts`. */
const DELIVERY_LEAF_TAG = 2n

/** All checks of one receipt, in the order in which a person would make them. */
export async function verifyReceipt(receipt: ReceiptView, domain: SigningDomain): Promise<BrowserCheck[]> {
  return [await checkDelivery(receipt, domain), await checkWork(receipt, domain), checkInclusion(receipt)]
}

async function checkDelivery(receipt: ReceiptView, domain: SigningDomain): Promise<BrowserCheck> {
  const name = 'Delivery receipt signed by the gateway'
  const hash = structHashOf('DeliveryReceipt', receipt.delivery)
  if (hash !== receipt.deliveryHash)
    return invalid(name, `The fields hash to ${shortHash(hash)}, not to the hash shown.`)
  const signer = await recover('DeliveryReceipt', receipt.delivery, receipt.deliverySignature, domain)
  const lane = addressOf(String(receipt.delivery.lane))
  return signer === lane
    ? valid(name, `Signature recovers to lane ${shortHash(lane)}, chain ${domain.chainId}.`)
    : invalid(name, `Signature recovers to ${shortHash(signer ?? 'nobody')}, not to lane ${shortHash(lane)}.`)
}

async function checkWork(receipt: ReceiptView, domain: SigningDomain): Promise<BrowserCheck> {
  const name = 'Work receipt signed by the node'
  const { work, workSignature } = receipt
  if (!work || !workSignature) {
    if (BigInt(String(receipt.delivery.workHash)) !== 0n) return invalid(name, 'The work receipt it names is missing.')
    const detail =
      Number(receipt.delivery.billedOut) > 0
        ? 'The link to the node was lost before it signed: the bill is what the gateway saw pass.'
        : 'The node never answered, so it signed nothing.'
    return { name, verdict: 'unverifiable', detail }
  }
  const hash = structHashOf('WorkReceipt', work)
  if (hash !== receipt.delivery.workHash) return invalid(name, 'The delivery receipt refers to other work.')
  const signer = await recover('WorkReceipt', work, workSignature, domain)
  const node = addressOf(String(work.nodeId))
  return signer === node
    ? valid(name, `Signature recovers to node ${shortHash(node)}; the delivery receipt carries its hash.`)
    : invalid(name, `Signature recovers to ${shortHash(signer ?? 'nobody')}, not to node ${shortHash(node)}.`)
}

function checkInclusion({ inclusion, delivery, epoch }: ReceiptView): BrowserCheck {
  const name = 'Included in the epoch’s Merkle root'
  if (!inclusion)
    return { name, verdict: 'unverifiable', detail: 'Its epoch is still open: the root comes when it closes.' }
  if (!inclusion.proof) {
    return {
      name,
      verdict: 'unverifiable',
      detail: 'The epoch is too large to build a proof here: use its epoch file.',
    }
  }
  const leaf = deliveryLeaf(structHashOf('DeliveryReceipt', delivery))
  const root = inclusion.proof.reduce<Hex>((hash, sibling) => hashPair(hash, sibling as Hex), leaf)
  return root === inclusion.root
    ? valid(
        name,
        `${inclusion.proof.length} siblings lead from this receipt to root ${shortHash(root)} of epoch ${epoch}.`,
      )
    : invalid(name, `The proof leads to ${shortHash(root)}, not to root ${shortHash(inclusion.root)}.`)
}

/** keccak(keccak(tag ‖ structHash)): what stands in the tree for a delivery receipt. */
export function deliveryLeaf(structHash: Hex): Hex {
  const tagged = encodeAbiParameters([{ type: 'uint256' }, { type: 'bytes32' }], [DELIVERY_LEAF_TAG, structHash])
  return keccak256(keccak256(tagged))
}

/** EIP-712 `hashStruct`. */
export function structHashOf(name: StructName, fields: Fields): Hex {
  const { types, message } = typedParts(name, fields)
  return hashStruct({ data: message, types, primaryType: name })
}

async function recover(
  name: StructName,
  fields: Fields,
  signature: string,
  domain: SigningDomain,
): Promise<string | null> {
  const { types, message } = typedParts(name, fields)
  const address = await recoverTypedDataAddress({
    domain: { name: 'Isochrone', version: '1', ...domain },
    types,
    primaryType: name,
    message,
    signature: signature as Hex,
  }).catch(() => null)
  return address?.toLowerCase() ?? null
}

function typedParts(name: StructName, fields: Fields) {
  const types = { [name]: fieldLists[name].map(([field, type]) => ({ name: field, type: type as string })) }
  const wide = new Set(fieldLists[name].filter(([, type]) => type === 'uint64' || type === 'uint128').map(([f]) => f))
  const message = Object.fromEntries(
    fieldLists[name].map(([field]) => [field, wide.has(field) ? BigInt(fields[field] ?? 0) : fields[field]]),
  )
  return { types, message: message as Record<string, unknown> }
}

/** Sorted pair: the tree says nothing of left and right. */
function hashPair(a: Hex, b: Hex): Hex {
  return keccak256(a < b ? concat([a, b]) : concat([b, a]))
}

const valid = (name: string, detail: string): BrowserCheck => ({ name, verdict: 'valid', detail })
const invalid = (name: string, detail: string): BrowserCheck => ({ name, verdict: 'invalid', detail })
