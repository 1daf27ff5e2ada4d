'use client'
/** A key whose only showing was lost on its way: which one it is, and that it has to go before another takes its place. */
import type { ApiKeyView } from '@isochrone/services'
import { revokeKey } from '~/actions/team.ts'
import { Button } from '~/components/ui/button.tsx'
import { ErrorNotice } from '~/components/ui/error-notice.tsx'
import { Notice } from '~/components/ui/notice.tsx'
import { useAction } from '~/lib/page/use-action.ts'

export interface MadeAlreadyProps {
  apiKey: Pick<ApiKeyView, 'id' | 'name' | 'start' | 'enabled'>
  onKept: () => void
  /** Once the lost key is of no use to anybody. */
  onAnother: () => void
}

export function MadeAlready({ apiKey: { id, name, start, enabled }, onKept, onAnother }: MadeAlreadyProps) {
  const revoke = useAction(revokeKey)
  async function replace() {
    if (!enabled || (await revoke.run({ id })).ok) onAnother()
  }
  return (
    <div className="flex flex-col gap-3">
      <Notice tone="warn" live>
        You pressed before, and that made the key “{name}” (<code className="font-mono text-xs">{start}…</code>). Its
        secret was in an answer that did not reach you and is kept nowhere, so nobody can show it again.{' '}
        {enabled
          ? 'No second key was made: revoke this one, then create another.'
          : 'It has been revoked since: create another.'}
      </Notice>
      <ErrorNotice error={revoke.error} />
      <div className="flex flex-wrap justify-end gap-2">
        {enabled && <Button onClick={onKept}>Leave it</Button>}
        <Button tone={enabled ? 'danger' : 'primary'} pending={revoke.pending} onClick={() => void replace()}>
          {enabled ? 'Revoke it and start again' : 'Start again'}
        </Button>
      </div>
    </div>
  )
}
