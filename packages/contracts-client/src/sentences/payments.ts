/** Refusals of channels, registry and anchors, in sentences. */
import { refusalOf, refusalSentences } from '../refusal.ts'
import { duration, percent, usd, utc, type Sentence } from './format.ts'

export const paymentSentences = {
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
  StillThawing: ([, endsAt]) => `What was asked back thaws until ${utc(endsAt)}.`,
  NothingToWithdraw: ([id]) => `Nothing is left to withdraw from ${id}.`,
  ClaimRefused: ([reason]) => refusalSentences[refusalOf(Number(reason))],
  LengthMismatch: ([vouchers, signatures]) => `${vouchers} vouchers came with ${signatures} signatures.`,
  NothingPayable: ([id]) => `Nothing is payable to provider ${id} in these epochs now.`,
  NothingSetAside: ([id, , epoch]) => `Nothing is set aside for provider ${id} in epoch ${epoch} of this lane.`,
  SessionKeyInvalid: ([id, key]) =>
    `The key ${key} may not raise the ceiling of channel ${id}: its owner did not sign for it, or has revoked it.`,
  SessionOver: ([, key, until]) => `The key ${key} could raise the ceiling until ${utc(until)}.`,
  SessionCeilingTooHigh: ([amount, max]) =>
    `A ceiling of ${usd(amount)} is above ${usd(max)}, up to which the key may raise it.`,
  NotAnnounced: ([lane, cumulative]) => `The voucher of lane ${lane} over ${usd(cumulative)} was not announced.`,
  AlreadyAnnounced: ([, cumulative, at]) =>
    `The voucher over ${usd(cumulative)} is announced already; it can be claimed from ${utc(at)}.`,
  GraceRunning: ([at]) => `The announced voucher can be claimed from ${utc(at)}.`,
  GraceTooLong: ([grace, thaw]) =>
    `A grace period of ${duration(grace)} does not end within the thaw of ${duration(thaw)}.`,
  SlaLedgerSet: ([ledger]) => `The SLA ledger is ${ledger} for ever.`,

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
  InvalidLaneKeySignature: ([key]) => `The proof of possession is not signed by the gateway key ${key}.`,
  LaneStakeTooSmall: ([lane, active, min]) =>
    `Lane ${lane} has an active stake of ${usd(active)}; ${usd(min)} are needed for this. Provision stake first.`,
  StakeVaultSet: ([vault]) => `The stake vault is ${vault} for ever.`,

  // ReceiptAnchor
  LaneNotActive: ([lane]) => `The lane ${lane} is not admitted, or was removed: it cannot anchor.`,
  InvalidAnchorSignature: ([lane]) => `The anchor is not signed by its lane ${lane}.`,
  EpochAlreadyAnchored: ([lane, epoch]) => `Lane ${lane} has anchored epoch ${epoch} already.`,
  EpochNotIncreasing: ([, epoch, last]) =>
    `Epoch ${epoch} comes after epoch ${last} was anchored; epochs only increase.`,
  EmptyEpoch: ([, epoch]) => `Epoch ${epoch} has no receipts; an empty epoch is not anchored.`,
  SequenceGap: ([, from, last]) =>
    `The epoch begins with number ${from}, but the lane's last one on record is ${last}: no gap is allowed.`,
  NumberTooLarge: ([number, max]) =>
    `${number}, a number of the anchor or the sum that it leads to, is larger than the contract can hold (${max}).`,
  NotIncluded: ([leaf]) => `The leaf ${leaf} is not under the root that was anchored.`,
} satisfies Record<string, Sentence>
