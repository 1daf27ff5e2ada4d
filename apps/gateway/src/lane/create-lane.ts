/**
 * The lane: this gateway's key, its numbering, its receipts and its epochs, on top of the journal.
 *
 * Numbers are given at the moment a receipt is journalled, so they follow the journal without gaps and a restart finds
 * the next one there. Nothing signed leaves before it is durable.
 */
import { join } from 'node:path'
import { AppError, invariant, systemClock } from '@isochrone/domain'
import {
  addressOfKey,
  addressToBytes32,
  encodeStruct,
  regionToBytes8,
  ZERO_BYTES32,
  type EpochClosedEntry,
  type Hex,
  type ReceiptConfirm,
  type Signed,
  type SigningDomain,
  type WorkReceipt,
} from '@isochrone/protocol'
import type { AttemptSeen, CompletedAttempt } from '../ports.ts'
import { decodeSignedWork, notSignedBy, outputMismatch, workMismatch } from './check-work.ts'
import { closeEpoch } from './close-epoch.ts'
import { draftOfSeen } from './draft-delivery.ts'
import { createEpochClock } from './epoch-clock.ts'
import { EpochIndex } from './epoch-index.ts'
import type { GatewayLane, LaneOptions } from './gateway-lane.ts'
import { attemptKey, LaneState, type Draft, type OpenAttempt } from './lane-state.ts'
import { createLaneWriter } from './lane-writer.ts'
import { confirmation, presentWork } from './present-work.ts'
import { createRecordKeeper } from './record-keeper.ts'
import { recordRecount } from './record-recount.ts'
import { encodeIntent, type LaneRecord } from './records.ts'
import { leaseSpan, signLease } from './sign-lease.ts'
import { termsRecordOf } from './terms-record.ts'

/** An epoch is closed early at this size, so that its file stays small enough for every node to keep. */
const EPOCH_RECEIPTS_MAX = 100_000
const UNSIGNED: Hex = `0x${'00'.repeat(65)}`

/** Replays the journal, then serves. */
export async function createLane(options: LaneOptions): Promise<GatewayLane> {
  const { journal, privateKey, region, contracts, epochMs, nodeOf, logger, clock = systemClock } = options
  const id = addressToBytes32(addressOfKey(privateKey))
  const domain: SigningDomain = { chainId: contracts.chainId, verifyingContract: contracts.paymentChannels }
  const dir = join(options.dataDir, 'epochs')
  const state = new LaneState()
  const pricesOf = (termsHash: Hex) => state.termsOf(termsHash).prices
  const context = { lane: id, region: regionToBytes8(region), pricesOf }
  const closed = await EpochIndex.open(id, dir)
  for await (const { index, payload } of journal.read(journal.firstIndex)) {
    const record = JSON.parse(payload.toString('utf8')) as LaneRecord
    if (record.type === 'epoch-closed') await closed.add(record)
    state.apply(record, index, true)
  }
  const writer = createLaneWriter({ journal, state, privateKey, domain })
  if (!state.jobs.hasBegun) await writer.write({ type: 'jobs-begin', sinceMs: clock.nowMs() })
  const keeperOptions = { lane: id, privateKey, contracts, state, writer, index: closed, clock, logger }
  const records = createRecordKeeper({
    ...keeperOptions,
    ...(options.answerMs !== undefined && { answerMs: options.answerMs }),
  })
  const listeners: ((nodeId: Hex, confirm: ReceiptConfirm) => void)[] = []
  /** What a close that is under way has taken. */
  let takenToSeq = 0
  const epochs = createEpochClock({ clock, epochMs, close: closeNow, logger })

  async function closeNow(): Promise<EpochClosedEntry | null> {
    if (state.unclosed.length === 0) return null
    const nowMs = clock.nowMs()
    takenToSeq = state.nextSeq - 1
    const epoch = Math.max(state.lastEpoch + 1, Math.floor(nowMs / epochMs))
    const entry = await closeEpoch({
      lane: id,
      privateKey,
      contracts,
      journalDir: journal.dir,
      dir,
      state,
      writer,
      epoch,
      nowMs,
    })
    await Promise.all([writer.write(entry), writer.write(state.checkpoint(nowMs))])
    // The journal may forget the epoch only when the index knows it.
    await closed.add(entry)
    await journal.forgetBelow(state.floorIndex)
    logger.info({ epoch, leaves: entry.anchor.count, sumMicroUsd: entry.anchor.sum }, 'epoch closed')
    records.ask(epoch)
    return entry
  }

  const leaseDeps = { lane: id, state, writer, domain }

  function closeIfLarge(): void {
    if (state.nextSeq - 1 - Math.max(state.closedToSeq, takenToSeq) >= EPOCH_RECEIPTS_MAX) epochs.closeSoon()
  }

  function confirm({ intent, draft, presented }: OpenAttempt): void {
    const delivered = state.delivered.get(attemptKey(intent.requestIdHash, intent.attempt))
    if (!delivered) return
    const { workHash } = delivered.value
    const tell = (hash: Hex) => {
      const told = confirmation(hash, delivered, draft?.json?.delivery)
      for (const listener of listeners) listener(intent.nodeId, told)
    }
    if (workHash !== ZERO_BYTES32) tell(workHash)
    if (presented !== null && presented !== workHash) tell(presented)
  }

  /** The work receipt of an attempt, or why there is none that counts. */
  function workOf(seen: AttemptSeen): { work: Signed<WorkReceipt> | null; refused: string | null } {
    const signed = seen.end.kind === 'ended' ? seen.end.end.work : null
    if (!signed) return { work: null, refused: null }
    try {
      const work = decodeSignedWork(signed)
      const refused =
        notSignedBy(seen.intent.nodeId, work, domain) ??
        workMismatch(work.value, seen.intent, seen.requestHash) ??
        outputMismatch(work.value, seen)
      return { work: refused === null ? work : null, refused }
    } catch {
      return { work: null, refused: 'not a work receipt' }
    }
  }

  return {
    id,
    region,
    async recordIntent(intent) {
      const node = nodeOf(intent.nodeId)
      if (!node || node.termsHash !== intent.termsHash) {
        throw new AppError('capacity_unavailable', {
          publicMessage: 'The node changed its terms while the request was being placed. Try again.',
          retryAfterS: 1,
        })
      }
      const key = attemptKey(intent.requestIdHash, intent.attempt)
      invariant(!state.open.has(key) && !state.delivered.get(key), 'an attempt is dispatched once')
      if (!state.knowsTerms(intent.termsHash)) {
        // The journal keeps the order: whoever has the intent has its terms.
        writer.write(termsRecordOf(node)).catch(() => undefined)
      }
      await writer.writeSoon(encodeIntent(intent))
    },
    recordWinner({ requestIdHash, attempt }) {
      // Lost with this process, and neither of the two is billed: as much as a customer could lose is not taken.
      writer.writeSoon({ type: 'attempt-won', requestIdHash, attempt }).catch(() => undefined)
    },
    completeAttempt(seen) {
      const attempt = state.open.get(attemptKey(seen.intent.requestIdHash, seen.intent.attempt))
      invariant(attempt, 'an attempt is completed after its intent and before its request finished')
      const { work, refused } = workOf(seen)
      const about = { nodeId: seen.intent.nodeId, requestId: seen.intent.requestId }
      if (refused) logger.warn({ ...about, refused }, 'work receipt refused')
      attempt.draft = draftOfSeen(context, attempt, seen, work, refused !== null)
      return completedOf(attempt.draft, attempt.intent.leaseId === undefined ? undefined : work?.value)
    },
    async finishRequest(entry) {
      const attempts = entry.receipts.map(({ delivery }) => {
        const attempt = state.open.get(attemptKey(delivery.requestId as Hex, Number(delivery.attempt)))
        invariant(attempt?.draft, 'a receipt of a finished request comes from completeAttempt')
        return { attempt, draft: attempt.draft }
      })
      const drafts = attempts.map(({ draft }) => draft)
      const sum = drafts.reduce((total, { delivery }) => total + delivery.price, 0n)
      // Whoever stores the entry checks that they agree.
      const request = { ...entry.request, priceMicroUsd: sum.toString() }
      await writer.writeReceipts(drafts, (receipts) => ({
        ...entry,
        type: 'request-finished',
        lane: id,
        request,
        receipts,
      }))
      closeIfLarge()
      // Behind the answer, which leaves in this turn.
      setImmediate(() => {
        for (const { attempt } of attempts) confirm(attempt)
      })
    },
    signedMicroUsd: (channelId) => state.signedByChannel.get(channelId) ?? 0n,
    signedByChannel: () => state.signedByChannel,
    answerOf: (requestId) => state.jobs.answerOf(requestId),
    jobKnowledge: (requestId, firstDispatchedAtMs) => state.jobs.knows(requestId, firstDispatchedAtMs),
    nextAttempt: (requestId) => state.jobs.nextAttempt(requestId),
    heldForRecovery: () => state.heldForRecovery(),
    spentByKeyMicroUsd: (period) => state.keySpend.of(period),
    keysHeldForRecovery: () => state.keysHeldForRecovery(),
    recordRecount: (recount) =>
      recordRecount(
        {
          lane: id,
          state,
          writer,
          takenToSeq: () => Math.max(state.closedToSeq, takenToSeq),
          nowMs: () => clock.nowMs(),
        },
        recount,
      ),
    leaseSpan: (command, asked, times) => leaseSpan(leaseDeps, command, asked, times),
    signLease(command, span, nodeSignature) {
      const signed = signLease(leaseDeps, command, span, nodeSignature)
      closeIfLarge()
      return signed
    },
    onConfirm: (listener) => void listeners.push(listener),
    presentWork: (nodeId, signed) => presentWork({ state, writer, context, domain, clock }, nodeId, signed),
    closeEpoch: () => epochs.closeNow(),
    epochFile: (epoch) => closed.fileOf(epoch),
    closedEpochs: (limit, before) => closed.list(limit, before),
    onNotice: (listener) => records.onNotice(listener),
    noticesFor: (nodeId) => records.noticesFor(nodeId),
    correctRecord: async ({ lane, ...record }) => lane === id && records.correct(record),
    answerRecord: (nodeId, answer) => records.answer(nodeId, answer),
    start() {
      epochs.start()
      records.start()
    },
    async stop() {
      await epochs.stop()
      await records.stop()
    },
  }
}

/** `counted`: of a request inside a lease, whose tokens cost nothing and are told all the same. */
function completedOf(draft: Draft, counted?: WorkReceipt): CompletedAttempt {
  const { delivery, work } = draft
  const pair = {
    delivery: encodeStruct('DeliveryReceipt', delivery),
    deliverySignature: UNSIGNED,
    work: work && encodeStruct('WorkReceipt', work.value),
    workSignature: work?.signature ?? null,
  }
  draft.json = pair
  return {
    pair,
    delivery,
    tokensIn: counted?.tokensIn ?? delivery.billedIn,
    tokensCached: counted?.tokensCached ?? delivery.billedCached,
    tokensOut: counted?.tokensOut ?? delivery.billedOut,
    priceMicroUsd: delivery.price,
  }
}
