/**
 * A sentence for each custom error that our contracts and the token can answer with. Exhaustive: the compiler refuses
 * an error without one.
 */
import { formatMicroUsd } from './format-micro-usd.ts'
import type { IsochroneErrorName } from './isochrone-abi.ts'
import { refusalOf, refusalSentences } from './refusal.ts'

/** The error's values as text, filled up to three with empty ones: no error has more. */
type Args = readonly [string, string, string]

const usd = (value: string): string => formatMicroUsd(BigInt(value))
const utc = (seconds: string): string => new Date(Number(seconds) * 1000).toISOString()
const percent = (basisPoints: string): string => `${Number(basisPoints) / 100} %`

export const revertSentences: Record<IsochroneErrorName, (args: Args) => string> = {
  // PaymentChannels
  ChannelExists: ([id]) => `The channel ${id} is already open.`,
  UnknownChannel: ([id]) => `There is no channel ${id}.`,
  NotChannelOwner: ([id, caller]) => `Only the owner of channel ${id} may do this; ${caller} is not.`,
  ZeroAddress: () => 'An address is missing (it is zero).',
  ZeroAmount: () => 'The amount is zero.',
  TotalTooLarge: ([total, max]) => `Deposits would total ${usd(total)}; the contract holds at most ${usd(max)}.`,
  UnexpectedTransferAmount: ([received, expected]) =>
    `The token moved ${usd(received)} where ${usd(expected)} were asked for; tokens that keep a fee are refused.`,
  CeilingNotRaised: ([, amount, ceiling]) =>
    `The ceiling is ${usd(ceiling)} already; ${usd(amount)} would not raise it.`,
  InvalidCeilingSignature: ([id, owner]) => `The ceiling of channel ${id} is not signed by its owner ${owner}.`,
  WithdrawalTooLarge: ([, amount, unclaimed]) =>
    `${usd(amount)} were asked back; only ${usd(unclaimed)} are unclaimed.`,
  NoWithdrawalRequested: ([id]) => `No withdrawal was requested from channel ${id}.`,
  StillThawing: ([, endsAt]) => `The withdrawal thaws until ${utc(endsAt)}.`,
  NothingToWithdraw: ([id]) => `Nothing is left to withdraw from channel ${id}.`,
  ClaimRefused: ([reason]) => refusalSentences[refusalOf(Number(reason))],
  LengthMismatch: ([vouchers, signatures]) => `${vouchers} vouchers came with ${signatures} signatures.`,
  NothingPayable: ([id]) => `Nothing is payable to provider ${id} in these epochs now.`,

  // ProviderRegistry
  ProviderExists: ([id]) => `The provider ${id} is already registered.`,
  UnknownProvider: ([id]) => `There is no provider ${id}.`,
  NotProviderOwner: ([id, caller]) => `Only the owner of provider ${id} may do this; ${caller} is not.`,
  NotNextOwner: ([id, caller]) => `The provider ${id} was not offered to ${caller}.`,
  FeeTooHigh: ([fee, max]) => `A fee of ${percent(fee)} is above the highest one, ${percent(max)}.`,
  NodeKeyTaken: ([key, id]) => `The node key ${key} belongs to provider ${id} for ever.`,
  NodeKeyNotActive: ([key]) => `The node key ${key} is not an active key of this provider.`,
  InvalidNodeKeySignature: ([key]) => `The proof of possession is not signed by the node key ${key}.`,
  TermsExist: ([id, hash]) => `Provider ${id} has registered the terms ${hash} already.`,
  LaneExists: ([lane]) => `The lane ${lane} is already admitted.`,
  UnknownLane: ([lane]) => `There is no lane ${lane}.`,

  // ReceiptAnchor
  LaneNotActive: ([lane]) => `The lane ${lane} is not admitted, or was removed: it cannot anchor.`,
  InvalidAnchorSignature: ([lane]) => `The anchor is not signed by its lane ${lane}.`,
  EpochAlreadyAnchored: ([lane, epoch]) => `Lane ${lane} has anchored epoch ${epoch} already.`,
  EpochNotIncreasing: ([, epoch, last]) =>
    `Epoch ${epoch} comes after epoch ${last} was anchored; epochs only increase.`,
  EmptyEpoch: ([, epoch]) => `Epoch ${epoch} has no receipts; an empty epoch is not anchored.`,

  // The token
  MintTooLarge: ([amount, max]) => `The faucet gives at most ${usd(max)} at a time, not ${usd(amount)}.`,
  ERC20InsufficientAllowance: ([, allowance, needed]) =>
    `The token allowance is ${usd(allowance)}; ${usd(needed)} are needed. Approve the deposit first.`,
  ERC20InsufficientBalance: ([sender, balance, needed]) =>
    `${sender} holds ${usd(balance)}; ${usd(needed)} are needed.`,
  ERC20InvalidApprover: ([address]) => `${address} cannot approve a transfer.`,
  ERC20InvalidReceiver: ([address]) => `${address} cannot receive the token.`,
  ERC20InvalidSender: ([address]) => `${address} cannot send the token.`,
  ERC20InvalidSpender: ([address]) => `${address} cannot be allowed to spend the token.`,
  ERC2612ExpiredSignature: ([deadline]) => `The permit expired at ${utc(deadline)}.`,
  ERC2612InvalidSigner: ([signer, owner]) => `The permit is signed by ${signer}, not by ${owner}.`,
  ERC3009InvalidAuthorizationTime: () => 'The authorization is not valid yet, or no longer.',
  ERC3009InvalidSignature: () => 'The authorization is not signed by the payer for this channel.',
  ERC3009UsedAuthorization: () => 'The authorization was used or cancelled before.',
  SafeERC20FailedOperation: ([token]) => `The token ${token} refused the transfer.`,

  // Shared by the libraries under them
  AccessControlBadConfirmation: () => 'A role can be given up only by who holds it.',
  AccessControlUnauthorizedAccount: ([account, role]) => `${account} does not hold the role ${role} that this needs.`,
  ECDSAInvalidSignature: () => 'The signature is malformed.',
  ECDSAInvalidSignatureLength: ([length]) => `A signature has 65 bytes, not ${length}.`,
  ECDSAInvalidSignatureS: () => 'The signature is malleated (its s is in the upper half).',
  EnforcedPause: () => 'New channels and deposits are paused. Claims, settlements and withdrawals go on.',
  ExpectedPause: () => 'Inflow is not paused.',
  InvalidAccountNonce: ([account, nonce]) => `The next signature of ${account} must carry nonce ${nonce}.`,
  InvalidShortString: () => 'A short text in the contract is malformed.',
  ReentrancyGuardReentrantCall: () => 'The contract was called again from within a call.',
  SafeCastOverflowedUintDowncast: ([bits]) => `A number does not fit ${bits} bits.`,
  StringTooLong: () => 'A text is too long for the contract.',
}
