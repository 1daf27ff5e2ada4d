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
/** New keys of one link at once, and then one in this time, ms: an agent makes one in half an hour. */
const NEW_KEYS_MAX = 8
const NEW_KEY_EVERY_MS = 60_000

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

/**
 * The check of one link. A signature costs the thread that serves everybody a good part of a millisecond: keys of which the
 * last heartbeat spoke are not looked at again, and whoever has ever new ones breaks the protocol. `checked`: those of HELLO.
 */
export function sealingKeyCheck(
  domain: SigningDomain,
  nodeKey: Hex,
  checked: readonly SealingKey[],
  nowMs: () => number,
): (keys: readonly SealingKey[]) => void {
  let known = new Set(checked.map(textOf))
  let newKeysLeft = NEW_KEYS_MAX
  let countedAtMs = nowMs()
  return (keys) => {
    const fresh = keys.filter((key) => !known.has(textOf(key)))
    const atMs = nowMs()
    newKeysLeft = Math.min(NEW_KEYS_MAX, newKeysLeft + (atMs - countedAtMs) / NEW_KEY_EVERY_MS)
    countedAtMs = atMs
    if (fresh.length > newKeysLeft) {
      throw new AppError('invalid_input', { publicMessage: 'Agent link: too many new sealing keys.' })
    }
    newKeysLeft -= fresh.length
    checkSealingKeys(domain, nodeKey, fresh)
    known = new Set(keys.map(textOf))
  }
}

const textOf = ({ publicKey, notBeforeMs, notAfterMs, signature }: SealingKey): string =>
  [publicKey, notBeforeMs, notAfterMs, signature].join()
