/** Refusals of stake vault, SLA ledger, disputes and contradictions, in sentences. */
import { disputeKind, disputeState, duration, recordStatus, usd, utc, type Sentence } from './format.ts'

export const trustSentences = {
  // StakeVault
  UnknownSubject: ([subject]) => `There is no provider or lane ${subject}.`,
  NotSubjectOwner: ([subject, caller]) => `Only the owner of the stake of ${subject} may do this; ${caller} is not.`,
  ThawTooLarge: ([, amount, free]) => `${usd(amount)} were to thaw; only ${usd(free)} of the stake are free.`,
  ThawTooShort: ([thaw, min]) =>
    `Stake must thaw for at least ${duration(min)}, so that it outlasts a dispute; ${duration(thaw)} are too short.`,
  OrderDone: ([from, order]) => `The stake order ${order} of ${from} was carried out before.`,
  NothingThawing: ([subject]) => `No stake of ${subject} is thawing.`,

  // SlaLedger
  RecordExists: ([node, , epoch, status]) =>
    `The performance record of node ${node} for epoch ${epoch} is on the ledger already (${recordStatus(status)}).`,
  WrongVersion: ([version, expected]) => `The record has version ${version}; version ${expected} is the next one.`,
  NodeUnknown: ([node]) => `There is no node ${node} in the registry.`,
  EpochNotAnchored: ([lane, epoch]) => `Lane ${lane} has not anchored epoch ${epoch} yet.`,
  EarnedAboveAnchored: ([earned, sum]) =>
    `The records of this epoch would release ${usd(earned)}; its anchored receipts cost ${usd(sum)}.`,
  InvalidNodeSignature: ([node]) => `The record is not signed by its node ${node}.`,
  InvalidLaneSignature: ([lane]) => `The record is not signed by its lane ${lane}.`,
  WrongStatus: ([status, expected]) =>
    `The record is ${recordStatus(status)}; this needs one that is ${recordStatus(expected)}.`,
  WindowOver: ([at]) => `The record could be challenged until ${utc(at)}.`,
  WindowOpen: ([at]) => `The record can still be challenged, until ${utc(at)}.`,
  RulingOpen: ([at]) => `The challenge can still be judged, until ${utc(at)}.`,
  RulingOver: ([at]) => `The challenge could be judged until ${utc(at)}.`,
  FreezeRunning: ([at]) => `The invalid record freezes what it covered until ${utc(at)}.`,
  NothingFrozen: ([node, , epoch]) => `No invalid record of node ${node} freezes anything in epoch ${epoch}.`,
  BondTooSmall: ([bond, min]) => `A bond of ${usd(bond)} is below the least one, ${usd(min)}.`,
  CountsNotIncluded: ([leaf]) => `The counts (leaf ${leaf}) are not under the root of the final record.`,
  CountsTaken: ([leaf]) => `The counts (leaf ${leaf}) were added to their pool before.`,
  SpentAboveEarned: ([spent, earned]) =>
    `The counts say that ${usd(spent)} were spent; the record says that ${usd(earned)} were earned.`,
  TermsMismatch: ([hash, expected]) => `The terms hash to ${hash}; those that are named hash to ${expected}.`,
  TermsNotRegistered: ([provider, hash]) => `Provider ${provider} has not registered the terms ${hash}.`,
  NoPenaltyDue: ([node]) => `No penalty of node ${node} is left to collect there.`,

  // DisputeManager
  UnknownDispute: ([id]) => `There is no dispute ${id}.`,
  WrongState: ([id, state]) => `Dispute ${id} is ${disputeState(state)}: this step is not open.`,
  NotAParty: ([id, caller]) => `Only a party to dispute ${id} may do this; ${caller} is not.`,
  NotOnPanel: ([id, caller]) => `${caller} is not on the panel of dispute ${id}.`,
  AlreadyVoted: ([id, arbiter]) => `${arbiter} has voted on dispute ${id} already.`,
  LiveDispute: ([subject, kind]) => `A dispute about ${subject} (${disputeKind(kind)}) is open already.`,
  FilingOver: ([at]) => `Disputes about this epoch could be filed until ${utc(at)}.`,
  DeadlineOver: ([at]) => `The time for this step was over at ${utc(at)}.`,
  DeadlineOpen: ([at]) => `The step before is still open, until ${utc(at)}.`,
  DrawTooEarly: ([block]) => `The panel is drawn from block ${block}: try again in a later block.`,
  AmountTooLarge: ([amount, max]) => `${usd(amount)} are more than the ${usd(max)} that are left to refund.`,
  NotAllOrNothing: ([refund, amount]) => `Withheld data is ruled all (${usd(amount)}) or nothing, not ${usd(refund)}.`,
  WrongKind: ([kind]) => `This cannot be disputed as ${disputeKind(kind)}.`,
  RosterTooSmall: ([size, min]) => `A roster of ${size} arbiters is too small; ${min} are needed.`,
  ArbiterExists: ([arbiter]) => `${arbiter} is on the roster already.`,
  UnknownArbiter: ([arbiter]) => `${arbiter} is not on the roster.`,
  ParameterTooLarge: ([value, max]) => `The parameter ${value} is above its limit of ${max}.`,
  NothingDue: ([account]) => `Nothing is owed to ${account} here.`,

  // RecordPanels
  RecordNotChallenged: ([node, , epoch]) => `Nobody challenges the record of node ${node} for epoch ${epoch} now.`,
  RecordPanelStands: ([node, , epoch]) =>
    `The panel about the record of node ${node} for epoch ${epoch} is drawn already.`,
  NotOnRecordPanel: ([caller]) => `${caller} is not on the panel of this challenge.`,
  RecordVoteStands: ([arbiter]) => `${arbiter} has voted on this challenge already.`,

  // Contradictions
  NotAContradiction: ([a, b]) => `The two documents (hashes ${a} and ${b}) do not contradict one another.`,
  PriceFollowsFromTerms: ([price]) => `The price of ${usd(price)} follows from its terms: it is no offence.`,
  ContradictionTaken: ([subject]) => `The contradiction ${subject} was proven before.`,
  InvalidReceiptSignature: ([signer]) => `The receipt is not signed by ${signer}.`,
} satisfies Record<string, Sentence>
