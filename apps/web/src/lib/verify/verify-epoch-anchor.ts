/** Checks an epoch's anchor in the reader's own browser: who signed it, that the page shows it, and what the chain holds. */
import { invalid, unverifiable, valid, type BrowserCheck } from '../page/browser-check.ts'
import type { CheckedEpoch } from './checked-epoch.ts'
import { epochCheckNames as names } from './epoch-check-names.ts'
import { addressOf, formatCount, shortHash } from '../words/format.ts'
import { signerOf, type SigningDomain } from './signed-structs.ts'
import type { Anchored } from './verify-anchor.ts'

/** @param domain its verifying contract is the ReceiptAnchor. */
export async function verifyEpochAnchor(epoch: CheckedEpoch, domain: SigningDomain): Promise<BrowserCheck[]> {
  return [await checkSignature(epoch, domain), checkShown(epoch)]
}

/** @param anchored what the contract says; a root of zero where it holds none. @param asked whom. */
export function compareAnchored({ epoch, anchor }: CheckedEpoch, anchored: Anchored, asked: string): BrowserCheck {
  if (BigInt(anchored.root) === 0n) return unverifiable(names.chain, `Not anchored yet, says ${asked}.`)
  const differs = (
    [
      ['root', anchored.root === String(anchor.root)],
      ['count', anchored.count === BigInt(anchor.count ?? -1)],
      ['sum', anchored.sum === BigInt(anchor.sum ?? -1)],
    ] as const
  ).find(([, same]) => !same)
  return differs
    ? invalid(names.chain, `${asked} holds another ${differs[0]} for epoch ${epoch} than the lane signed here.`)
    : valid(
        names.chain,
        `Root ${shortHash(anchored.root)}, ${formatCount(anchored.count)} leaves and ${formatCount(anchored.sum)} µUSD, says ${asked}.`,
      )
}

async function checkSignature(epoch: CheckedEpoch, domain: SigningDomain): Promise<BrowserCheck> {
  const signer = await signerOf('EpochAnchor', epoch.anchor, epoch.anchorSignature, domain)
  const lane = addressOf(epoch.lane)
  return signer === lane
    ? valid(names.signature, `Signature recovers to lane ${shortHash(lane)}, chain ${domain.chainId}.`)
    : invalid(
        names.signature,
        `Signature recovers to ${shortHash(signer ?? 'nobody')}, not to lane ${shortHash(lane)}.`,
      )
}

function checkShown({ anchor, ...shown }: CheckedEpoch): BrowserCheck {
  const pairs: [field: string, shown: string | number | bigint][] = [
    ['lane', shown.lane],
    ['epoch', shown.epoch],
    ['root', shown.root],
    ['count', shown.count],
    ['sum', shown.sumMicroUsd],
    ['dataHash', shown.dataHash],
    ['fromSeq', shown.fromSeq],
    ['toSeq', shown.toSeq],
  ]
  const wrong = pairs.find(([field, value]) => String(anchor[field]) !== String(value))
  return wrong
    ? invalid(
        names.shown,
        `The page shows ${wrong[1]} as ${wrong[0]}, the lane signed ${anchor[wrong[0]] ?? 'nothing'}.`,
      )
    : valid(names.shown, 'Root, leaves, sum, data hash and numbers above are the fields that were signed.')
}
