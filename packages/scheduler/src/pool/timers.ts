/**
 * Times at which a slot must be looked at again: a binary heap with one live entry a slot. An entry that was superseded
 * is dropped when it comes up.
 */
export class SlotTimers {
  readonly #at: number[] = []
  readonly #slot: number[] = []

  get nextMs(): number {
    return this.#at[0] ?? Number.POSITIVE_INFINITY
  }

  add(slot: number, atMs: number): void {
    let i = this.#at.length
    this.#at.push(atMs)
    this.#slot.push(slot)
    while (i > 0) {
      const parent = (i - 1) >> 1
      if ((this.#at[parent] as number) <= atMs) break
      this.#swap(i, parent)
      i = parent
    }
  }

  /** The slot whose time came first. Only when `nextMs` is finite. */
  pop(): number {
    const slot = this.#slot[0] as number
    const at = this.#at.pop() as number
    const last = this.#slot.pop() as number
    if (this.#at.length > 0) {
      this.#at[0] = at
      this.#slot[0] = last
      this.#sink()
    }
    return slot
  }

  #sink(): void {
    const size = this.#at.length
    for (let i = 0; ;) {
      let least = i * 2 + 1
      if (least >= size) return
      if (least + 1 < size && (this.#at[least + 1] as number) < (this.#at[least] as number)) least++
      if ((this.#at[i] as number) <= (this.#at[least] as number)) return
      this.#swap(i, least)
      i = least
    }
  }

  #swap(i: number, j: number): void {
    const at = this.#at[i] as number
    const slot = this.#slot[i] as number
    this.#at[i] = this.#at[j] as number
    this.#slot[i] = this.#slot[j] as number
    this.#at[j] = at
    this.#slot[j] = slot
  }
}
