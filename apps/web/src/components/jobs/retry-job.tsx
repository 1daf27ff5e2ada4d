'use client'
/** Tries a failed job again as a new one. A second click finds the same new job. */
import { useRouter } from 'next/navigation'
import { retryJob } from '~/actions/team.ts'
import { Button } from '~/components/ui/button.tsx'
import { ErrorNotice } from '~/components/ui/error-notice.tsx'
import { useAction } from '~/lib/page/use-action.ts'

export function RetryJob({ id, disabledReason }: { id: string; disabledReason?: string | undefined }) {
  const router = useRouter()
  const retry = useAction(retryJob)
  async function run() {
    const result = await retry.run({ id })
    if (result.ok) router.push(`/jobs/${result.data.id}`)
  }
  return (
    <>
      <Button tone="primary" pending={retry.pending} disabledReason={disabledReason} onClick={() => void run()}>
        Try again
      </Button>
      {retry.error && <ErrorNotice error={retry.error} />}
    </>
  )
}
