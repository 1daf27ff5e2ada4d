/** What was asked of one node about its leases and is not answered yet. Bounded in number and in time. */
import { AppError } from '@isochrone/domain'
import type { Hex, LeaseOrder, LeaseOrderAnswer } from '@isochrone/protocol'

const PENDING_MAX = 256
/** A model of some gigabytes is read from disk. */
const PROVISION_MS_MAX = 120_000
const ANSWER_MS_MAX = 5_000

interface Pending {
  resolve: (answer: LeaseOrderAnswer) => void
  reject: (error: AppError) => void
  timer: NodeJS.Timeout
}

export class LeaseOrders {
  readonly #pending = new Map<number, Pending>()
  readonly #send: (order: LeaseOrder) => void
  #lastId = 0
  #lost = false

  constructor(send: (order: LeaseOrder) => void) {
    this.#send = send
  }

  /** Rejects with `capacity_unavailable` where the link is gone or the node does not answer in time. */
  order(leaseId: Hex, order: LeaseOrder['order']): Promise<LeaseOrderAnswer> {
    if (this.#lost) return Promise.reject(gone('The link to the node is gone.'))
    if (this.#pending.size >= PENDING_MAX)
      return Promise.reject(gone('The node does not answer what it was asked before.'))
    const id = ++this.#lastId
    const limitMs = order.kind === 'provision' ? PROVISION_MS_MAX : ANSWER_MS_MAX
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#pending.delete(id)
        reject(gone('The node did not answer in time.'))
      }, limitMs)
      this.#pending.set(id, { resolve, reject, timer })
      this.#send({ id, leaseId, order })
    })
  }

  /** One that nobody waits for any more means nothing. */
  answered(answer: LeaseOrderAnswer): void {
    const pending = this.#pending.get(answer.id)
    if (!pending) return
    this.#pending.delete(answer.id)
    clearTimeout(pending.timer)
    pending.resolve(answer)
  }

  lost(): void {
    this.#lost = true
    for (const { reject, timer } of this.#pending.values()) {
      clearTimeout(timer)
      reject(gone('The link to the node was lost.'))
    }
    this.#pending.clear()
  }
}

const gone = (publicMessage: string): AppError =>
  new AppError('capacity_unavailable', { publicMessage, retryAfterS: 1 })
