/** Sealing keys that a node publishes: whoever links may speak of its own keys alone, signed by its node key. */
import { AppError } from '@isochrone/domain'
import {
  addressToBytes32,
  recoverStructSigner,
  type Hex,
  type SealingKey,
  type SigningDomain,
} from '@isochrone/protocol'

/** Longer than any agent promises: a key that would stand for ever is a mistake. */
const LIFE_MS_MAX = 7 * 86_400_000

/** Throws `invalid_input` on a key that the node did not sign, or that stands for no sensible time. */
export function checkSealingKeys(domain: SigningDomain, nodeKey: Hex, keys: readonly SealingKey[]): void {
  const nodeId = addressToBytes32(nodeKey)
  for (const { publicKey, notBeforeMs, notAfterMs, signature } of keys) {
    const value = { nodeId, publicKey: publicKey as Hex, notBeforeMs, notAfterMs }
    const signer = recoverStructSigner(domain, 'SealingKey', { value, signature: signature as Hex })
    const lifeMs = notAfterMs - notBeforeMs
    if (signer === nodeKey && lifeMs > 0 && lifeMs <= LIFE_MS_MAX) continue
    throw new AppError('invalid_input', { publicMessage: 'Agent link: a sealing key that the node key did not sign.' })
  }
}
