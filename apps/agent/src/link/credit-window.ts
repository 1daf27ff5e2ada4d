/**
 * The sending side of a stream's flow control: how many bytes may still leave, and what the gateway acknowledged.
 *
 * Guarantees: no frame without credit, so never more than was granted and one chunk; acknowledged tokens only grow and never exceed tokens sent; the
 * acknowledged output hash is the hash at exactly that token. A stream that lost its link is billed from here.
 */
import { bytesToHex, creditOfChunk, outputChain, type Hex, type OutputChain } from '@isochrone/protocol'

type Mark = { readonly tokensOut: number; readonly head: Uint8Array }

/** What was sent, or what of it was acknowledged: a count of tokens and the output hash at that point. */
export type DeliveredPart = { readonly tokensOut: number; readonly head: Hex }

const partOf = ({ tokensOut, head }: Mark): DeliveredPart => ({ tokensOut, head: bytesToHex(head) })

export class CreditWindow {
  readonly #chain: OutputChain
  /** Sent frames that are not acknowledged yet; bounded by the credits outstanding. */
  readonly #marks: Mark[] = []
  #credits: number
  #sent: Mark
  #acknowledged: Mark
  #wake: (() => void) | undefined

  constructor(salt: Hex, initialBytes: number) {
    this.#chain = outputChain(salt)
    this.#credits = initialBytes
    this.#sent = { tokensOut: 0, head: this.#chain.headBytes() }
    this.#acknowledged = this.#sent
  }

  get sent(): DeliveredPart {
    return partOf(this.#sent)
  }

  get acknowledged(): DeliveredPart {
    return partOf(this.#acknowledged)
  }

  /** Bytes; a frame may leave while it is above 0, and takes it below. */
  get credits(): number {
    return this.#credits
  }

  /** Waits until a frame may be sent. Rejects with the abort reason. One waiter at a time: a stream has one sender. */
  async waitForCredit(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (this.#credits > 0) return
    await new Promise<void>((resolve, reject) => {
      const onAbort = () => {
        this.#wake = undefined
        reject(signal.reason)
      }
      signal.addEventListener('abort', onAbort, { once: true })
      this.#wake = () => {
        signal.removeEventListener('abort', onAbort)
        resolve()
      }
    })
  }

  /** Counts a DATA frame that leaves now. `tokensOut` is the stream's total with it. */
  record(tokensOut: number, chunk: Uint8Array): void {
    if (this.#credits <= 0) throw new RangeError('a DATA frame without a credit')
    if (tokensOut < this.#sent.tokensOut) throw new RangeError('the token count of a stream went back')
    this.#credits -= creditOfChunk(chunk)
    this.#chain.add(chunk)
    this.#sent = { tokensOut, head: this.#chain.headBytes() }
    this.#marks.push(this.#sent)
  }

  /**
   * A CREDIT frame came in.
   * @returns false when it acknowledges tokens that were never sent: a protocol violation.
   */
  grant(bytes: number, tokensAcknowledged: number): boolean {
    if (tokensAcknowledged > this.#sent.tokensOut) return false
    let passed = 0
    for (const mark of this.#marks) {
      if (mark.tokensOut > tokensAcknowledged) break
      // Of frames that add no token (a role, an empty finish) the first one that reached the count stands for it.
      if (mark.tokensOut > this.#acknowledged.tokensOut) this.#acknowledged = mark
      passed += 1
    }
    this.#marks.splice(0, passed)
    this.#credits += bytes
    if (this.#credits > 0) {
      this.#wake?.()
      this.#wake = undefined
    }
    return true
  }
}
