/**
 * What this node signed and what became of it: work receipts, and the gateways' delivery receipts for them.
 *
 * Guarantees: no number is used twice and no attempt signed for twice, whatever crashes, because numbers were reserved, and the
 * attempt noted, on the disk before a receipt is seen by anybody; a receipt is in the file by then, where a kill of the process
 * leaves it, and on the disk some milliseconds later at most; it is presented again until its gateway confirms it; a delivery that a
 * gateway sent is remembered until it was found in the file of its epoch. A machine that loses its power may lose receipts of
 * those milliseconds, which their gateways were sent.
 */
import { SlotMap } from '@isochrone/domain'
import {
  decodeStruct,
  encodeStruct,
  signStructHashed,
  structHash,
  type Hex,
  type ReceiptConfirm,
  type SignedWork,
  type SigningDomain,
  type WorkReceipt,
} from '@isochrone/protocol'
import { z } from 'zod'
import { AppendLog, type FileSync } from './append-log.ts'
import { ReceiptNumbers, RESERVED_NUMBERS } from './receipt-numbers.ts'
import { Delivered, hashedDelivery, Worked, type AttemptName } from './remembered.ts'
import { SignedAttempts } from './signed-attempts.ts'

const hex = z.string().transform((text) => text as Hex)
const logLine = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('work'),
    lane: hex,
    work: z.record(z.string(), z.union([z.string(), z.number()])),
    signature: hex,
  }),
  /** The engine began with it: it counts as signed for. */
  z.object({ kind: z.literal('begun'), requestId: hex, attempt: z.int() }),
  /** Numbers up to this one may have been used. The last such line counts: at its end a log gives back what it had not used. */
  z.object({ kind: z.literal('numbers'), upTo: z.int() }),
  z.object({ kind: z.literal('confirm'), workHash: hex, confirm: z.unknown() }),
  /** All deliveries of the lane in this span were found in an epoch file. Lines of before had no `fromSeq`. */
  z.object({ kind: z.literal('checked'), lane: hex, fromSeq: z.int().default(0), toSeq: z.int() }),
])

export type PresentedWork = { readonly workHash: Hex; readonly signedWork: SignedWork }
type Unconfirmed = PresentedWork & { readonly lane: Hex }

type Attempt = { readonly requestId: string; readonly attempt: number }

type Restored = {
  readonly unconfirmed: SlotMap<Hex, Unconfirmed>
  readonly delivered: Delivered
  readonly worked: Worked
  readonly signed: SignedAttempts
  readonly numbers: ReceiptNumbers
}

export class ReceiptLog {
  readonly #log: AppendLog
  readonly #unconfirmed: SlotMap<Hex, Unconfirmed>
  readonly #delivered: Delivered
  readonly #worked: Worked
  readonly #signed: SignedAttempts
  /** Attempts under way, each with when it is on the disk that its engine began; null where nobody wrote that. */
  readonly #underWay = new Map<string, Promise<void> | null>()
  readonly #numbers: ReceiptNumbers
  #isClosed = false

  private constructor(log: AppendLog, { unconfirmed, delivered, worked, signed, numbers }: Restored) {
    this.#log = log
    this.#unconfirmed = unconfirmed
    this.#delivered = delivered
    this.#worked = worked
    this.#signed = signed
    this.#numbers = numbers
  }

  /**
   * Opens the log at `path`, creating it when missing. Throws when a line in it is not one of ours.
   * @param sync of the file, once it is open
   * @param reserved numbers at a time
   */
  static async open(path: string, sync?: FileSync, reserved = RESERVED_NUMBERS): Promise<ReceiptLog> {
    const unconfirmed = new SlotMap<Hex, Unconfirmed>()
    const delivered = new Delivered()
    const worked = new Worked()
    const signed = new SignedAttempts()
    let seqLast = 0
    let upTo = 0
    const onLine = (value: unknown) => {
      const line = logLine.parse(value)
      if (line.kind === 'numbers') {
        upTo = line.upTo
        return
      }
      if (line.kind === 'begun') return signed.add(line.requestId, line.attempt)
      if (line.kind === 'confirm') {
        unconfirmed.delete(line.workHash)
        const { delivery } = line.confirm as Pick<ReceiptConfirm, 'delivery'>
        if (delivery) delivered.add(hashedDelivery(delivery))
        return
      }
      if (line.kind === 'checked') return delivered.forget(line.lane, line.fromSeq, line.toSeq)
      const work = decodeStruct('WorkReceipt', line.work)
      const workHash = structHash('WorkReceipt', work)
      seqLast = Math.max(seqLast, work.seq)
      if (!signed.has(work.requestId, work.attempt)) signed.add(work.requestId, work.attempt)
      worked.add(line.lane, work)
      unconfirmed.set(workHash, {
        workHash,
        lane: line.lane,
        signedWork: { work: line.work, signature: line.signature },
      })
    }
    const log = await AppendLog.open(path, onLine, sync)
    const numbers = new ReceiptNumbers(log, Math.max(seqLast, upTo), reserved)
    return new ReceiptLog(log, { unconfirmed, delivered, worked, signed, numbers })
  }

  get seqLast(): number {
    return this.#numbers.last
  }

  get unconfirmedCount(): number {
    return this.#unconfirmed.size
  }

  /**
   * Numbers, signs and stores a receipt for the gateway `lane`. Resolves when it may be seen: it is on the disk, or in the file
   * while the disk has its number and its attempt.
   */
  async sign(domain: SigningDomain, lane: Hex, work: Omit<WorkReceipt, 'seq'>, nodeKey: Hex): Promise<PresentedWork> {
    if (this.#isClosed) throw new Error('the log is closed')
    const numbered: WorkReceipt = { ...work, seq: this.#numbers.next() }
    this.#signed.add(work.requestId, work.attempt)
    const { signed, hash: workHash } = signStructHashed(domain, 'WorkReceipt', numbered, nodeKey)
    const presented: PresentedWork = {
      workHash,
      signedWork: { work: encodeStruct('WorkReceipt', numbered), signature: signed.signature },
    }
    const line = { kind: 'work', lane, ...presented.signedWork }
    const begun = this.#underWay.get(keyOf(work))
    if (begun && this.#numbers.isReserved(numbered.seq)) await Promise.all([this.#log.write(line), begun])
    else await this.#log.append(line)
    this.#worked.add(lane, numbered)
    this.#unconfirmed.set(presented.workHash, { ...presented, lane })
    return presented
  }

  /**
   * Claims an attempt before the engine runs; false when it runs already or was signed for, also before a restart: a second
   * output of one attempt would convict this node. Whoever claimed it calls {@link release} in the end.
   */
  claim(attempt: Attempt): boolean {
    const key = keyOf(attempt)
    if (this.#underWay.has(key) || this.#signed.has(attempt.requestId as Hex, attempt.attempt)) return false
    this.#underWay.set(key, null)
    return true
  }

  /**
   * The engine begins with what was claimed. While it works the disk is told, so that the receipt need not wait for its own sync.
   * Not where syncs are shared by many: there a line more for each would cost more than the wait for the next sync.
   */
  begin({ requestId, attempt }: Attempt): void {
    if (this.#log.isBusy) return
    const begun = this.#log.append({ kind: 'begun', requestId, attempt })
    // Who signs hears of it; where nothing is signed, nobody needs it.
    begun.catch(() => {})
    this.#underWay.set(keyOf({ requestId, attempt }), begun)
  }

  release(attempt: Attempt): void {
    this.#underWay.delete(keyOf(attempt))
  }

  /** What the gateway `lane` has not confirmed yet, oldest first. */
  unconfirmedOf(lane: Hex): readonly PresentedWork[] {
    return [...this.#unconfirmed.values()].filter((item) => item.lane === lane)
  }

  isUnconfirmed(workHash: Hex): boolean {
    return this.#unconfirmed.has(workHash)
  }

  /**
   * Keeps the gateway's answer beside the receipt and stops presenting it. Unknown or repeated ones change nothing. Should
   * the answer be lost with the machine, the receipt is presented again, and answered again.
   * @param delivery that of `confirm`, where it was read and hashed already.
   */
  async confirm(
    confirm: ReceiptConfirm,
    delivery = confirm.delivery && hashedDelivery(confirm.delivery),
  ): Promise<void> {
    const workHash = confirm.workHash as Hex
    if (!this.#unconfirmed.delete(workHash)) return
    if (delivery) this.#delivered.add(delivery)
    await this.#log.appendSoon({ kind: 'confirm', workHash, confirm })
  }

  /** Whether this node has signed for the attempt, whatever became of it; of the last 200,000 for each lane. */
  hasWorked(attempt: AttemptName): boolean {
    return this.#worked.has(attempt)
  }

  /** Struct hashes of deliveries that this lane has sent, by number; those of the span that no epoch file was checked for. */
  deliveredOf(lane: Hex, fromSeq: number, toSeq: number): Map<number, Hex> {
    return this.#delivered.of(lane, fromSeq, toSeq)
  }

  /** An epoch file of this span holds what the lane had sent: no more need to look for those. */
  async spanChecked(lane: Hex, fromSeq: number, toSeq: number): Promise<void> {
    this.#delivered.forget(lane, fromSeq, toSeq)
    await this.#log.append({ kind: 'checked', lane, fromSeq, toSeq })
  }

  async close(): Promise<void> {
    if (!this.#isClosed) this.#numbers.giveBack()
    this.#isClosed = true
    await this.#log.close()
  }
}

const keyOf = ({ requestId, attempt }: Attempt): string => `${requestId}:${attempt}`
