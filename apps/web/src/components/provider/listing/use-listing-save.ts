'use client'
/** Saves a step at the version that its page showed, and opens the next one. */
import type { ListingDetail, ListingDraft } from '@isochrone/services'
import { useRouter } from 'next/navigation'
import { saveListing } from '~/actions/listing.ts'
import { nextStep, type ListingStep } from '~/lib/listing/listing-steps.ts'
import { useAction } from '~/lib/page/use-action.ts'
import { useKeptForm } from './kept-step.tsx'

export interface StepProps {
  listing: ListingDetail
  disabledReason: string | undefined
}

export function useListingSave({ id, version }: ListingDetail, step: ListingStep) {
  const router = useRouter()
  const save = useAction(saveListing)
  const form = useKeptForm()
  async function run(draft: ListingDraft, confirmed = false): Promise<void> {
    form.saving()
    const result = await save.run({ id, version, draft, confirmed })
    form.ended(result.ok)
    if (result.ok) router.push(`/provider/list/${id}?step=${nextStep(step)}`)
  }
  return { run, pending: save.pending, error: save.error, reset: save.reset }
}
