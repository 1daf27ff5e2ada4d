/**
 * Checks one lease receipt in the reader's own browser: both signatures, the terms, the price, and its place under the root.
 * Every hash is computed anew from the signed fields; a check says what it compared.
 */
import { formatUsd } from '@isochrone/domain'
import type { LeaseReceiptDetail } from '@isochrone/services'
import type { Hex } from 'viem'
import { invalid, unverifiable, valid, type BrowserCheck } from '../page/browser-check.ts'
import { addressOf, shortHash } from '../words/format.ts'
import { leasePriceOf } from '../money/lease-price.ts'
import { leaseReceiptCheckNames as names } from './lease-receipt-check-names.ts'
import { leafOf, signerOf, structHashOf, type Fields, type SigningDomain } from './signed-structs.ts'
import { pathCheck } from './verify-path.ts'
import { checkTerms } from './verify-terms.ts'

export type CheckedLeaseReceipt = Pick<
  LeaseReceiptDetail,
  'hash' | 'fields' | 'laneSignature' | 'nodeSignature' | 'terms' | 'inclusion' | 'epoch'
>

/** All checks that need no chain. */
export async function verifyLeaseReceipt(receipt: CheckedLeaseReceipt, domain: SigningDomain): Promise<BrowserCheck[]> {
  const { fields, terms } = receipt
  return [
    await checkLane(receipt, domain),
    await checkNode(receipt, domain),
    checkTerms(terms, fields.termsHash),
    checkLeasePrice(receipt),
    checkLeaseInclusion(receipt),
  ]
}

export function leaseLeafOf(fields: Fields): Hex {
  return leafOf('LeaseReceipt', structHashOf('LeaseReceipt', fields))
}

async function checkLane(receipt: CheckedLeaseReceipt, domain: SigningDomain): Promise<BrowserCheck> {
  const { fields, hash, laneSignature } = receipt
  const own = structHashOf('LeaseReceipt', fields)
  if (own !== hash) return invalid(names.lane, `The fields hash to ${shortHash(own)}, not to the hash shown.`)
  const signer = await signerOf('LeaseReceipt', fields, laneSignature, domain)
  const lane = addressOf(String(fields.lane))
  return signer === lane
    ? valid(names.lane, `Signature recovers to lane ${shortHash(lane)}, chain ${domain.chainId}.`)
    : invalid(names.lane, `Signature recovers to ${shortHash(signer ?? 'nobody')}, not to lane ${shortHash(lane)}.`)
}

/** The node signs before the lane numbers: the same fields, with a number of zero. */
async function checkNode({ fields, nodeSignature }: CheckedLeaseReceipt, domain: SigningDomain): Promise<BrowserCheck> {
  const signer = await signerOf('LeaseReceipt', { ...fields, seq: 0 }, nodeSignature, domain)
  const node = addressOf(String(fields.nodeId))
  return signer === node
    ? valid(
        names.node,
        `Signature recovers to node ${shortHash(node)}, over the same fields without the lane’s number.`,
      )
    : invalid(names.node, `Signature recovers to ${shortHash(signer ?? 'nobody')}, not to node ${shortHash(node)}.`)
}

function checkLeasePrice({ fields, terms }: CheckedLeaseReceipt): BrowserCheck {
  const name = names.price
  if (!terms?.values) return unverifiable(name, 'The terms that it names are not at hand: see the epoch file.')
  const price = BigInt(fields.price ?? 0)
  const due = leasePriceOf(BigInt(fields.gpuMs ?? 0), BigInt(terms.values.perGpuHour ?? 0))
  return due === price
    ? valid(name, `GPU time times price makes ${formatUsd(due)}, to the micro-dollar.`)
    : invalid(name, `GPU time times price makes ${formatUsd(due)}, the receipt says ${formatUsd(price)}.`)
}

function checkLeaseInclusion({ inclusion, fields, epoch }: CheckedLeaseReceipt): BrowserCheck {
  if (!inclusion) return unverifiable(names.inclusion, 'Its epoch is still open: the root comes when it closes.')
  return pathCheck(names.inclusion, 'this receipt', leaseLeafOf(fields), inclusion, epoch)
}
