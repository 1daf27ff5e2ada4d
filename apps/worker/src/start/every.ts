/** Repeats `work`, one at a time; a failure waits for the next turn. */
export function every(ms: number, work: () => Promise<void>): () => void {
  let busy = false
  const timer = setInterval(() => {
    if (busy) return
    busy = true
    work()
      .catch(() => {
        // Redis or Postgres is away; both say so themselves.
      })
      .finally(() => (busy = false))
  }, ms)
  return () => clearInterval(timer)
}
