/** Whether the siblings of a proof lead from a leaf to the root that a page names. */
import type { InclusionView } from '@isochrone/services'
import type { Hex } from 'viem'
import { invalid, unverifiable, valid, type BrowserCheck } from '../page/browser-check.ts'
import { shortHash } from '../words/format.ts'
import { merklePath } from './signed-structs.ts'

/** @param which what the leaf is of, within a sentence. */
export function pathCheck(
  name: string,
  which: string,
  leaf: Hex,
  { root, proof }: InclusionView,
  epoch: number | null,
): BrowserCheck {
  if (!proof) return unverifiable(name, 'No proof can be built here: use the epoch file.')
  const reached = merklePath(leaf, proof as Hex[]).at(-1)?.parent ?? leaf
  const siblings = proof.length === 1 ? '1 sibling leads' : `${proof.length} siblings lead`
  return reached === root
    ? valid(name, `${siblings} from ${which} to root ${shortHash(root)} of epoch ${epoch}.`)
    : invalid(name, `The proof leads to ${shortHash(reached)}, not to root ${shortHash(root)}.`)
}
