/**
 * What this node signed and what became of it: work receipts, and the gateways' delivery receipts for them.
 *
 * Guarantees: a receipt is on disk before anybody sees it; its number is never used twice, not even after a crash,
 * because numbers continue after the highest one on disk; it is presented again until its gateway confirms it; a delivery
 * that a gateway sent is remembered until it was found in the file of its epoch.
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
import { AppendLog } from './append-log.ts'
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
  z.object({ kind: z.literal('confirm'), workHash: hex, confirm: z.unknown() }),
  /** All deliveries of the lane in this span were found in an epoch file. Lines of before had no `fromSeq`. */
  z.object({ kind: z.literal('checked'), lane: hex, fromSeq: z.int().default(0), toSeq: z.int() }),
])

export type PresentedWork = { readonly workHash: Hex; readonly signedWork: SignedWork }
type Unconfirmed = PresentedWork & { readonly lane: Hex }

type Restored = {
  readonly unconfirmed: SlotMap<Hex, Unconfirmed>
  readonly delivered: Delivered
  readonly worked: Worked
  readonly signed: SignedAttempts
  readonly seqLast: number
}

export class ReceiptLog {
  readonly #log: AppendLog
  readonly #unconfirmed: SlotMap<Hex, Unconfirmed>
  readonly #delivered: Delivered
  readonly #worked: Worked
  readonly #signed: SignedAttempts
  readonly #underWay = new Set<string>()
  #seqLast: number

  private constructor(log: AppendLog, { unconfirmed, delivered, worked, signed, seqLast }: Restored) {
    this.#log = log
    this.#unconfirmed = unconfirmed
    this.#delivered = delivered
    this.#worked = worked
    this.#signed = signed
    this.#seqLast = seqLast
  }

  /** Opens the log at `path`, creating it when missing. Throws when a line in it is not one of ours. */
  static async open(path: string): Promise<ReceiptLog> {
    const unconfirmed = new SlotMap<Hex, Unconfirmed>()
    const delivered = new Delivered()
    const worked = new Worked()
    const signed = new SignedAttempts()
    let seqLast = 0
    const log = await AppendLog.open(path, (value) => {
      const line = logLine.parse(value)
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
      signed.add(work.requestId, work.attempt)
      worked.add(line.lane, work)
      unconfirmed.set(workHash, {
        workHash,
        lane: line.lane,
        signedWork: { work: line.work, signature: line.signature },
      })
    })
    return new ReceiptLog(log, { unconfirmed, delivered, worked, signed, seqLast })
  }

  get seqLast(): number {
    return this.#seqLast
  }

  get unconfirmedCount(): number {
    return this.#unconfirmed.size
  }

  /** Numbers, signs and stores a receipt for the gateway `lane`. Resolves when it is on disk. */
  async sign(domain: SigningDomain, lane: Hex, work: Omit<WorkReceipt, 'seq'>, nodeKey: Hex): Promise<PresentedWork> {
    this.#seqLast += 1
    this.#signed.add(work.requestId, work.attempt)
    const numbered: WorkReceipt = { ...work, seq: this.#seqLast }
    const { signed, hash: workHash } = signStructHashed(domain, 'WorkReceipt', numbered, nodeKey)
    const presented: PresentedWork = {
      workHash,
      signedWork: { work: encodeStruct('WorkReceipt', numbered), signature: signed.signature },
    }
    await this.#log.append({ kind: 'work', lane, ...presented.signedWork })
    this.#worked.add(lane, numbered)
    this.#unconfirmed.set(presented.workHash, { ...presented, lane })
    return presented
  }

  /**
   * Claims an attempt before the engine runs; false when it runs already or was signed for, also before a restart: a second
   * output of one attempt would convict this node. Whoever claimed it calls {@link release} in the end.
   */
  claim({ requestId, attempt }: { requestId: string; attempt: number }): boolean {
    const key = `${requestId}:${attempt}`
    if (this.#underWay.has(key) || this.#signed.has(requestId as Hex, attempt)) return false
    this.#underWay.add(key)
    return true
  }

  release({ requestId, attempt }: { requestId: string; attempt: number }): void {
    this.#underWay.delete(`${requestId}:${attempt}`)
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

  close(): Promise<void> {
    return this.#log.close()
  }
}
