/** The thread that solves challenges, so that echoes and links are answered meanwhile. */
import { parentPort } from 'node:worker_threads'
import {
  matmulCommitment,
  matmulFactors,
  multiplyInt8,
  productBytes,
  type Hex,
  type MatmulChallenge,
} from '@isochrone/protocol'

export type SolvedChallenge = { readonly nonce: Hex; readonly commitment: Hex; readonly product: Uint8Array }

parentPort?.on('message', (challenge: MatmulChallenge) => {
  const { a, b } = matmulFactors(challenge)
  const product = multiplyInt8(a, b, challenge.order)
  const solved: SolvedChallenge = {
    nonce: challenge.nonce,
    commitment: matmulCommitment(challenge, product),
    product: productBytes(product),
  }
  parentPort?.postMessage(solved, [])
})
