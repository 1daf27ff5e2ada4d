/**
 * What this node signed and what became of it: work receipts, and the gateways' delivery receipts for them.
 *
 * Guarantees: a receipt is on disk before anybody sees it; its number is never used twice, not even after a crash,
 * because numbers continue after the highest one on disk; it is presented again until its gateway confirms it.
 */
import {
  decodeStruct,
  encodeStruct,
  signStruct,
  structHash,
  type Hex,
  type ReceiptConfirm,
  type SignedWork,
  type SigningDomain,
  type WorkReceipt,
} from '@isochrone/protocol'
import { z } from 'zod'
import { AppendLog } from './append-log.ts'

const hex = z.string().transform((text) => text as Hex)
const logLine = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('work'),
    lane: hex,
    work: z.record(z.string(), z.union([z.string(), z.number()])),
    signature: hex,
  }),
  z.object({ kind: z.literal('confirm'), workHash: hex, confirm: z.unknown() }),
])

export type PresentedWork = { readonly workHash: Hex; readonly signedWork: SignedWork }
type Unconfirmed = PresentedWork & { readonly lane: Hex }

export class ReceiptLog {
  readonly #log: AppendLog
  readonly #unconfirmed: Map<Hex, Unconfirmed>
  #seqLast: number

  private constructor(log: AppendLog, unconfirmed: Map<Hex, Unconfirmed>, seqLast: number) {
    this.#log = log
    this.#unconfirmed = unconfirmed
    this.#seqLast = seqLast
  }

  /** Opens the log at `path`, creating it when missing. Throws when a line in it is not one of ours. */
  static async open(path: string): Promise<ReceiptLog> {
    const unconfirmed = new Map<Hex, Unconfirmed>()
    let seqLast = 0
    const log = await AppendLog.open(path, (value) => {
      const line = logLine.parse(value)
      if (line.kind === 'confirm') {
        unconfirmed.delete(line.workHash)
        return
      }
      const work = decodeStruct('WorkReceipt', line.work)
      const workHash = structHash('WorkReceipt', work)
      seqLast = Math.max(seqLast, work.seq)
      unconfirmed.set(workHash, {
        workHash,
        lane: line.lane,
        signedWork: { work: line.work, signature: line.signature },
      })
    })
    return new ReceiptLog(log, unconfirmed, seqLast)
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
    const numbered: WorkReceipt = { ...work, seq: this.#seqLast }
    const { signature } = signStruct(domain, 'WorkReceipt', numbered, nodeKey)
    const presented: PresentedWork = {
      workHash: structHash('WorkReceipt', numbered),
      signedWork: { work: encodeStruct('WorkReceipt', numbered), signature },
    }
    await this.#log.append({ kind: 'work', lane, ...presented.signedWork })
    this.#unconfirmed.set(presented.workHash, { ...presented, lane })
    return presented
  }

  /** What the gateway `lane` has not confirmed yet, oldest first. */
  unconfirmedOf(lane: Hex): readonly PresentedWork[] {
    return [...this.#unconfirmed.values()].filter((item) => item.lane === lane)
  }

  isUnconfirmed(workHash: Hex): boolean {
    return this.#unconfirmed.has(workHash)
  }

  /** Keeps the gateway's answer beside the receipt and stops presenting it. Unknown or repeated ones change nothing. */
  async confirm(confirm: ReceiptConfirm): Promise<void> {
    const workHash = confirm.workHash as Hex
    if (!this.#unconfirmed.delete(workHash)) return
    await this.#log.append({ kind: 'confirm', workHash, confirm })
  }

  close(): Promise<void> {
    return this.#log.close()
  }
}
