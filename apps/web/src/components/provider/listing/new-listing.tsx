'use client'
/** Begins a listing and opens its first step. */
import { useRouter } from 'next/navigation'
import { createListing } from '~/actions/listing.ts'
import { Button } from '~/components/ui/button.tsx'
import { ErrorNotice } from '~/components/ui/error-notice.tsx'
import { useAction } from '~/lib/use-action.ts'

export function NewListing({ disabledReason }: { disabledReason: string | undefined }) {
  const router = useRouter()
  const create = useAction(createListing)
  async function begin() {
    const result = await create.run(undefined)
    if (result.ok) router.push(`/provider/list/${result.data.id}?step=machine`)
  }
  return (
    <>
      <Button
        tone="primary"
        // Until its page is there: a second press would begin a second listing.
        pending={create.pending || create.data !== null}
        disabledReason={disabledReason}
        onClick={() => void begin()}
      >
        List a node
      </Button>
      <ErrorNotice error={create.error} />
    </>
  )
}
