'use client'
/** Begins a listing and opens its first step. */
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { createListing } from '~/actions/listing.ts'
import { Button } from '~/components/ui/button.tsx'
import { ErrorNotice } from '~/components/ui/error-notice.tsx'
import { newKey } from '~/lib/page/new-key.ts'
import { useAction } from '~/lib/page/use-action.ts'

export function NewListing({ disabledReason }: { disabledReason: string | undefined }) {
  const router = useRouter()
  const create = useAction(createListing)
  // One key until a listing is there: after an answer that was lost, another press finds the listing that the first one began.
  const [key, setKey] = useState(newKey)
  async function begin() {
    const result = await create.run({ key })
    if (!result.ok) return
    setKey(newKey())
    router.push(`/provider/list/${result.data.id}?step=machine`)
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
