/**
 * What payers sign in their own wallet, as the object that `eth_signTypedData_v4` takes. Free of Node and of native
 * code, because browsers load it.
 */
import { encodeAbiParameters, keccak256, type Address, type Hex } from 'viem'

export interface CeilingTypedDataInput {
  chainId: number
  /** Address of `PaymentChannels`. */
  channels: Address
  channelId: Hex
  /** µUSD that may be drawn over the channel's life: the new total, not what is added. */
  amount: bigint
}

/** `Ceiling`: the owner's word on what may be drawn from the channel in all. */
export function ceilingTypedData({ chainId, channels, channelId, amount }: CeilingTypedDataInput) {
  return {
    domain: { name: 'Isochrone', version: '1', chainId, verifyingContract: channels },
    types: {
      Ceiling: [
        { name: 'channelId', type: 'bytes32' },
        { name: 'amount', type: 'uint128' },
      ],
    },
    primaryType: 'Ceiling',
    message: { channelId, amount },
  } as const
}

export interface SessionKeyTypedDataInput {
  chainId: number
  /** Address of `PaymentChannels`. */
  channels: Address
  channelId: Hex
  /** The key that may raise the ceiling. */
  key: Address
  /** µUSD up to which it may. */
  ceilingMax: bigint
  /** Chain time in seconds until which it may. */
  validUntilS: bigint
}

/** `SessionKey`: the owner's word that another key may raise the channel's ceiling, up to a limit and for a time. */
export function sessionKeyTypedData(input: SessionKeyTypedDataInput) {
  const { chainId, channels, channelId, key, ceilingMax, validUntilS } = input
  return {
    domain: { name: 'Isochrone', version: '1', chainId, verifyingContract: channels },
    types: {
      SessionKey: [
        { name: 'channelId', type: 'bytes32' },
        { name: 'key', type: 'address' },
        { name: 'ceilingMax', type: 'uint128' },
        { name: 'validUntil', type: 'uint64' },
      ],
    },
    primaryType: 'SessionKey',
    message: { channelId, key, ceilingMax, validUntil: validUntilS },
  } as const
}

export interface TokenDomainInput {
  chainId: number
  token: Address
  /** The token's EIP-712 name; the test USDC's by default. */
  tokenName?: string
  tokenVersion?: string
}

export interface PermitTypedDataInput extends TokenDomainInput {
  owner: Address
  /** Address of `PaymentChannels`. */
  channels: Address
  amount: bigint
  nonce: bigint
  /** Unix time in seconds. */
  deadlineS: bigint
}

/** ERC-2612 `Permit` of a deposit. */
export function permitTypedData(input: PermitTypedDataInput) {
  return {
    domain: tokenDomain(input),
    types: {
      Permit: [
        { name: 'owner', type: 'address' },
        { name: 'spender', type: 'address' },
        { name: 'value', type: 'uint256' },
        { name: 'nonce', type: 'uint256' },
        { name: 'deadline', type: 'uint256' },
      ],
    },
    primaryType: 'Permit',
    message: {
      owner: input.owner,
      spender: input.channels,
      value: input.amount,
      nonce: input.nonce,
      deadline: input.deadlineS,
    },
  } as const
}

export interface AuthorizationTypedDataInput extends TokenDomainInput {
  from: Address
  /** Address of `PaymentChannels`. */
  channels: Address
  channelId: Hex
  amount: bigint
  /** Unix times in seconds between which a relayer may use it. */
  validAfterS: bigint
  validBeforeS: bigint
  /** 32 random bytes. */
  nonceSalt: Hex
}

/** ERC-3009 `ReceiveWithAuthorization` of a deposit that anyone may relay, into this channel only. */
export function depositAuthorizationTypedData(input: AuthorizationTypedDataInput) {
  return {
    domain: tokenDomain(input),
    types: {
      ReceiveWithAuthorization: [
        { name: 'from', type: 'address' },
        { name: 'to', type: 'address' },
        { name: 'value', type: 'uint256' },
        { name: 'validAfter', type: 'uint256' },
        { name: 'validBefore', type: 'uint256' },
        { name: 'nonce', type: 'bytes32' },
      ],
    },
    primaryType: 'ReceiveWithAuthorization',
    message: {
      from: input.from,
      to: input.channels,
      value: input.amount,
      validAfter: input.validAfterS,
      validBefore: input.validBeforeS,
      nonce: depositNonce(input.channelId, input.nonceSalt),
    },
  } as const
}

export interface TransferTypedDataInput extends TokenDomainInput {
  from: Address
  to: Address
  /** µUSD. */
  amount: bigint
  /** Unix times in seconds between which a relayer may use it. */
  validAfterS: bigint
  validBeforeS: bigint
  nonce: Hex
}

/** ERC-3009 `TransferWithAuthorization`: whoever relays it, the money goes to `to` and nowhere else. */
export function transferTypedData(input: TransferTypedDataInput) {
  return {
    domain: tokenDomain(input),
    types: {
      TransferWithAuthorization: [
        { name: 'from', type: 'address' },
        { name: 'to', type: 'address' },
        { name: 'value', type: 'uint256' },
        { name: 'validAfter', type: 'uint256' },
        { name: 'validBefore', type: 'uint256' },
        { name: 'nonce', type: 'bytes32' },
      ],
    },
    primaryType: 'TransferWithAuthorization',
    message: {
      from: input.from,
      to: input.to,
      value: input.amount,
      validAfter: input.validAfterS,
      validBefore: input.validBeforeS,
      nonce: input.nonce,
    },
  } as const
}

/** The nonce binds an authorization to one channel, so that its relayer cannot lead the money into another. */
export function depositNonce(channelId: Hex, nonceSalt: Hex): Hex {
  return keccak256(encodeAbiParameters([{ type: 'bytes32' }, { type: 'bytes32' }], [channelId, nonceSalt]))
}

function tokenDomain({ chainId, token, tokenName = 'Test USD Coin', tokenVersion = '1' }: TokenDomainInput) {
  return { name: tokenName, version: tokenVersion, chainId, verifyingContract: token }
}
