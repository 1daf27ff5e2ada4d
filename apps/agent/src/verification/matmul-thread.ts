/** The thread that solves challenges, so that echoes and links are answered meanwhile. */
import { parentPort } from 'node:worker_threads'
import {
  isMatmulProduct,
  matmulCommitment,
  matmulFactors,
  multiplyInt8,
  productBytes,
  productFromBytes,
  randomBytes32,
  type Hex,
  type MatmulChallenge,
} from '@isochrone/protocol'

export type MatmulTask =
  | { readonly kind: 'solve'; readonly challenge: MatmulChallenge }
  | { readonly kind: 'draw'; readonly challenge: MatmulChallenge }
  | { readonly kind: 'seal'; readonly challenge: MatmulChallenge; readonly product: Uint8Array }

export type Factors = { readonly a: Int8Array; readonly b: Int8Array }
export type SealedProduct = { readonly nonce: Hex; readonly commitment: Hex; readonly product: Uint8Array }

function solve(challenge: MatmulChallenge): SealedProduct {
  const { a, b } = matmulFactors(challenge)
  return sealed(challenge, multiplyInt8(a, b, challenge.order))
}

/** Null for a product that is wrong: a node is judged by what it commits to, whoever computed it. */
function seal(challenge: MatmulChallenge, bytes: Uint8Array): SealedProduct | null {
  const product = productFromBytes(bytes, challenge.order)
  return product && isMatmulProduct(challenge, product, { seed: randomBytes32() }) ? sealed(challenge, product) : null
}

function sealed(challenge: MatmulChallenge, product: Int32Array): SealedProduct {
  const commitment = matmulCommitment(challenge, product)
  return { nonce: challenge.nonce, commitment, product: productBytes(product) }
}

parentPort?.on('message', (task: MatmulTask) => {
  const done =
    task.kind === 'solve'
      ? solve(task.challenge)
      : task.kind === 'draw'
        ? matmulFactors(task.challenge)
        : seal(task.challenge, task.product)
  parentPort?.postMessage(done, [])
})
