'use client'
/** Takes an unused join token back. */
import { revokeJoinToken } from '~/actions/provider.ts'
import { Button } from '~/components/ui/button.tsx'
import { useAction } from '~/lib/page/use-action.ts'

export function RevokeToken({ id, nodeName }: { id: string; nodeName: string }) {
  const revoke = useAction(revokeJoinToken)
  return (
    <Button
      size="sm"
      pending={revoke.pending}
      title={revoke.error?.message}
      aria-label={`Revoke the token for ${nodeName}`}
      onClick={() => void revoke.run({ id })}
    >
      {revoke.error ? 'Failed: try again' : 'Revoke'}
    </Button>
  )
}
