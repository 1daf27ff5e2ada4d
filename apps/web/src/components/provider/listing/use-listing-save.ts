'use client'
/** Saves a step at the version that its page showed, and opens the next one. */
import type { ListingDetail, ListingDraft } from '@isochrone/services'
import { useRouter } from 'next/navigation'
import { saveListing } from '~/actions/listing.ts'
import { nextStep, type ListingStep } from '~/lib/listing-steps.ts'
import { useAction } from '~/lib/use-action.ts'

export interface StepProps {
  listing: ListingDetail
  disabledReason: string | undefined
}

export function useListingSave({ id, version }: ListingDetail, step: ListingStep) {
  const router = useRouter()
  const save = useAction(saveListing)
  async function run(draft: ListingDraft, confirmed = false): Promise<void> {
    const result = await save.run({ id, version, draft, confirmed })
    if (result.ok) router.push(`/provider/list/${id}?step=${nextStep(step)}`)
  }
  return { run, pending: save.pending, error: save.error }
}
