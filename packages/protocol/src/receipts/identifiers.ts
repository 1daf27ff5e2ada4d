/**
 * Fixed-width names for what our ids, keys and regions are called inside signed structures.
 *
 * A node's and a lane's 32-byte name is its address, so a signature alone proves who it speaks of.
 */
import { bytesToHex, hexToBytes, keccak256, type Hex } from '../crypto/keccak.ts'
import { addressOfPrivateKey } from '../crypto/secp256k1.ts'

/** Keccak-256 of an id's UTF-8 text: `req_…` → the `requestId` in receipts. */
export function bytes32Of(id: string): Hex {
  return bytesToHex(keccak256(Buffer.from(id, 'utf8')))
}

/** An address, left-padded to 32 bytes: the `nodeId` or `lane` of a key. Lower case. */
export function addressToBytes32(address: string): Hex {
  if (!/^0x[0-9a-fA-F]{40}$/.test(address)) throw new RangeError(`Not an address: ${address.slice(0, 80)}`)
  return `0x${'00'.repeat(12)}${address.slice(2).toLowerCase()}`
}

/** The address behind a `nodeId` or `lane`. Throws RangeError when the upper 12 bytes are not zero. */
export function bytes32ToAddress(name: string): Hex {
  if (!/^0x0{24}[0-9a-fA-F]{40}$/.test(name)) throw new RangeError(`Not an address in 32 bytes: ${name.slice(0, 80)}`)
  return `0x${name.slice(26).toLowerCase()}`
}

/** The lower-case address of a private key. */
export function addressOfKey(privateKey: Hex): Hex {
  return addressOfPrivateKey(privateKey)
}

/**
 * The key of a provider's managed payout account: of its own, so that its balance on the chain is its owner's alone, and made
 * from the managed wallet's key, so that there is nothing more to keep. No such key tells the wallet's, or another's.
 */
export function payoutKeyOf({ walletKey, providerId }: { walletKey: Hex; providerId: Hex }): Hex {
  const parts = [Buffer.from('isochrone payout account', 'utf8'), hexToBytes(walletKey), hexToBytes(providerId)]
  return bytesToHex(keccak256(Buffer.concat(parts)))
}

/** Drawn many at a time: each call of the system costs more than the bytes. */
const random = new Uint8Array(4_096)
let randomUsed = random.length

/** What is handed out is not kept. */
export function randomBytes32(): Hex {
  if (randomUsed === random.length) {
    crypto.getRandomValues(random)
    randomUsed = 0
  }
  const bytes = random.subarray(randomUsed, (randomUsed += 32))
  const hex = bytesToHex(bytes)
  bytes.fill(0)
  return hex
}

/** A region label such as `eu-de` in eight bytes, zero-padded. Throws RangeError above eight ASCII characters. */
export function regionToBytes8(region: string): Hex {
  if (!/^[\x21-\x7e]{0,8}$/.test(region)) throw new RangeError(`A region is at most 8 ASCII characters: ${region}`)
  return bytesToHex(Buffer.from(region.padEnd(8, '\0'), 'latin1'))
}

export function regionFromBytes8(bytes8: Hex): string {
  return Buffer.from(hexToBytes(bytes8)).toString('latin1').replace(/\0+$/, '')
}
