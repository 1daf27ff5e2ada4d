/**
 * A binary min-heap whose members know their place, so that any of them can move or leave in O(log n).
 *
 * A member carries its place itself, one field for each heap that it may be in.
 */
export interface IndexedHeap<T> {
  readonly size: number
  first(): T | undefined
  add(member: T): void
  remove(member: T): void
  /** After its key changed. */
  moved(member: T): void
}

/** `place` is the field that holds a member's index; −1 = not in the heap. */
export function createIndexedHeap<K extends string, T extends Record<K, number>>(
  place: K,
  isBefore: (a: T, b: T) => boolean,
): IndexedHeap<T> {
  const members: T[] = []

  function put(member: T, index: number): void {
    members[index] = member
    ;(member as Record<K, number>)[place] = index
  }

  function rise(member: T, from: number): number {
    let index = from
    while (index > 0) {
      const parent = (index - 1) >> 1
      const above = members[parent] as T
      if (!isBefore(member, above)) break
      put(above, index)
      index = parent
    }
    put(member, index)
    return index
  }

  function sink(member: T, from: number): void {
    let index = from
    for (;;) {
      let child = 2 * index + 1
      if (child >= members.length) break
      if (child + 1 < members.length && isBefore(members[child + 1] as T, members[child] as T)) child++
      const below = members[child] as T
      if (!isBefore(below, member)) break
      put(below, index)
      index = child
    }
    put(member, index)
  }

  return {
    get size() {
      return members.length
    },
    first: () => members[0],
    add(member) {
      members.push(member)
      rise(member, members.length - 1)
    },
    remove(member) {
      const index = member[place]
      if (index < 0) return
      const last = members.pop() as T
      ;(member as Record<K, number>)[place] = -1
      if (last !== member) sink(last, rise(last, index))
    },
    moved(member) {
      if (member[place] >= 0) sink(member, rise(member, member[place]))
    },
  }
}
