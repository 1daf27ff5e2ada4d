/** How the contracts name channels and providers: by the hash of their first owner and a salt. */
import { encodeAbiParameters, keccak256, type Address, type Hex } from 'viem'

/** The id of the channel that `open(owner, salt)` opens. */
export function channelIdOf(owner: Address, salt: Hex): Hex {
  return ownedId(owner, salt)
}

/** The id of the provider that `owner` registers with `salt`. */
export function providerIdOf(owner: Address, salt: Hex): Hex {
  return ownedId(owner, salt)
}

function ownedId(owner: Address, salt: Hex): Hex {
  return keccak256(encodeAbiParameters([{ type: 'address' }, { type: 'bytes32' }], [owner, salt]))
}
