/** One page at a time may ask before it is left: links, the palette and the browser itself come here first. */
type Guard = (go: () => void) => void

let guard: Guard | null = null

/** Asks `ask` from now on; the returned function ends that. `ask` calls `go` when the person wants to leave. */
export function guardLeaving(ask: Guard): () => void {
  guard = ask
  return () => {
    if (guard === ask) guard = null
  }
}

/** Goes at once where nothing is at stake, else when the person has agreed. */
export function leaveFor(go: () => void): void {
  if (guard) guard(go)
  else go()
}
