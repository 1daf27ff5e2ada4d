/** An action that failed: what, whose, and the id to quote. A field's own error is shown at the field instead. */
import type { ActionError } from '~/lib/page/result.ts'
import { ownerWords } from '~/lib/page/result.ts'
import { Notice } from './notice.tsx'
import { Hash } from './values.tsx'

export function ErrorNotice({ error }: { error: ActionError | null }) {
  if (!error) return null
  return (
    <Notice tone="bad" live>
      <p>{error.message}</p>
      {error.owner !== 'client' && error.requestId !== null && (
        <p className="mt-0.5 text-xs">
          Owner: {ownerWords[error.owner]} · Request id <Hash value={error.requestId} label="request id" />
        </p>
      )}
    </Notice>
  )
}
