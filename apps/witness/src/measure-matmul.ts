/**
 * The int8 challenge, sent to all nodes at the same moment. Products are checked when every one is here: checking keeps this
 * process busy, and what another node sent meanwhile would look late.
 */
import {
  isMatmulProduct,
  matmulCommitment,
  randomBytes32,
  recoverStructSigner,
  witnessDomain,
  type Hex,
  type MatmulReport,
  type WitnessFacts,
} from '@isochrone/protocol'
import type { Committed, NodeLink } from './node-link.ts'

const CHALLENGE_MS_MAX = 20_000

export async function measureMatmul(
  facts: WitnessFacts,
  links: readonly NodeLink[],
  order: number,
  portable = false,
): Promise<MatmulReport[]> {
  const asked = links.map((link) => ({ link, nonce: randomBytes32() }))
  const answers = await together(asked, { order, ...(portable && { portable }) })
  return asked.map(({ link, nonce }, index) => {
    const answer = answers[index] ?? null
    return {
      kind: 'matmul',
      witness: facts,
      nodeId: link.nodeId,
      atMs: Date.now(),
      nonce,
      order,
      elapsedUs: answer?.elapsedUs ?? null,
      commitment: answer?.commitment ?? null,
      signature: answer?.signature ?? null,
      correct: answer !== null && isRight(facts, link, { nonce, order }, answer),
      ...(answer?.computed && { computed: answer.computed }),
    }
  })
}

/** Holds every link before it asks the first: a node that is busy with another question would start later. */
function together(
  asked: readonly { link: NodeLink; nonce: Hex }[],
  how: { order: number; portable?: true },
): Promise<(Committed | null)[]> {
  // Always in the same order, so that two callers never wait for one another.
  const ordered = asked.toSorted((a, b) => (a.link.nodeId < b.link.nodeId ? -1 : 1))
  const ask = () => Promise.all(asked.map(({ link, nonce }) => link.matmul({ nonce, ...how }, CHALLENGE_MS_MAX)))
  return ordered.reduceRight<() => Promise<(Committed | null)[]>>(
    (inner, { link }) =>
      () =>
        link.alone(inner),
    ask,
  )()
}

function isRight(
  facts: WitnessFacts,
  link: NodeLink,
  { nonce, order }: { nonce: Hex; order: number },
  { commitment, signature, product }: Committed,
): boolean {
  const challenge = { nonce, nodeId: link.nodeId, order }
  const value = { nonce, nodeKey: link.nodeKey, order, commitment }
  const signer = recoverStructSigner(witnessDomain(facts.witness as Hex), 'MatmulCommitment', { value, signature })
  if (signer !== link.nodeKey || product === null) return false
  return (
    matmulCommitment(challenge, product) === commitment &&
    isMatmulProduct(challenge, product, { seed: randomBytes32() })
  )
}
