/** How the contracts name channels and providers: `keccak256(abi.encode(owner, salt))`. */
import { bytes32Of, bytesToHex, hexToBytes, keccak256, type Hex } from '@isochrone/protocol'

export function ownedIdOf(ownerAddress: Hex, salt: Hex): Hex {
  const words = new Uint8Array(64)
  words.set(hexToBytes(ownerAddress), 12)
  words.set(hexToBytes(salt), 32)
  return bytesToHex(keccak256(words))
}

/**
 * The salt of an organisation's channel or provider. It follows from the organisation, so one organisation cannot link
 * what was opened for another, and nothing has to be remembered between signing and linking.
 */
export function saltOf(kind: 'channel' | 'provider', orgId: string): Hex {
  return bytes32Of(`isochrone/${kind}/${orgId}`)
}
