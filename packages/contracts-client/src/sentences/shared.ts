/** Refusals of the token, the timelock and the libraries under our contracts, in sentences. */
import { duration, usd, utc, type Sentence } from './format.ts'

export const sharedSentences = {
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

  // The timelock
  TimelockInsufficientDelay: ([delay, min]) =>
    `The timelock holds an action for at least ${duration(min)}, not ${duration(delay)}.`,
  TimelockInvalidOperationLength: ([targets, payloads]) => `${targets} targets came with ${payloads} calls.`,
  TimelockUnauthorizedCaller: ([caller]) => `Only the timelock itself may do this; ${caller} is not.`,
  TimelockUnexecutedPredecessor: ([id]) => `The action ${id} must be executed first.`,
  TimelockUnexpectedOperationState: ([id]) =>
    `The action ${id} is not in the state that this needs: scheduled already, not scheduled, or not ready yet.`,

  // Shared by the libraries under them
  AccessControlBadConfirmation: () => 'A role can be given up only by who holds it.',
  CheckpointUnorderedInsertion: () => 'The chain gave a time before an earlier one.',
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
  FailedCall: () => 'A call inside the transaction failed without a reason.',
} satisfies Record<string, Sentence>
