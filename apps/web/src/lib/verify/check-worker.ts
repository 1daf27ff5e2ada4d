/** The worker's side of `run-check.ts`: one answer for each order, by its number. */
import { runCheckHere } from './check-jobs.ts'
import type { CheckAnswer, CheckOrder } from './run-check.ts'

addEventListener('message', ({ data: { id, kind, input } }: MessageEvent<CheckOrder>) => {
  const answer = (message: CheckAnswer) => postMessage(message)
  runCheckHere(kind, input).then(
    (result) => answer({ id, result }),
    (error: unknown) => answer({ id, error: error instanceof Error ? error.message : 'The check failed.' }),
  )
})
