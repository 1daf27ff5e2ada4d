'use client'
/** The default policy as a form, with what it leaves of the market beside it while it is being written. */
import { useCallback, useState, type SubmitEvent } from 'react'
import type { RoutingView } from '@isochrone/services'
import { saveRouting } from '~/actions/team.ts'
import { Button } from '~/components/ui/button.tsx'
import { ErrorNotice } from '~/components/ui/error-notice.tsx'
import { LeaveDialog } from '~/components/ui/leave-dialog.tsx'
import { Notice } from '~/components/ui/notice.tsx'
import { Form } from '~/components/ui/form.tsx'
import { Toast } from '~/components/ui/toast.tsx'
import type { ActionError } from '~/lib/page/result.ts'
import {
  draftOf,
  emptyDraft,
  formField,
  routingOf,
  sameRouting,
  type RoutingDraft,
} from '~/lib/market/routing-draft.ts'
import type { RoutingMarket } from '~/lib/market/routing-market.ts'
import { useAction } from '~/lib/page/use-action.ts'
import { DryRunPanel } from './dry-run-panel.tsx'
import { ConstraintRows } from './constraint-rows.tsx'
import { PreferenceRows } from './preference-rows.tsx'
import { PreviewPanel } from './preview-panel.tsx'
import { RequestExample } from './request-example.tsx'
import { useRoutingPreview } from './use-routing-preview.ts'

export interface RoutingFormProps {
  view: RoutingView
  market: RoutingMarket
  gatewayUrl: string
  model: string
  disabledReason: string | undefined
}

export function RoutingForm({ view, market, gatewayUrl, model, disabledReason }: RoutingFormProps) {
  // As the platform keeps it: what is saved here replaces that and nothing newer.
  const [seen, setSeen] = useState(view.routing)
  const [saved, setSaved] = useState(() => draftOf(view.routing))
  const [draft, setDraft] = useState(saved)
  const [toast, setToast] = useState<string | null>(null)
  const save = useAction(saveRouting)
  const routing = routingOf(draft)
  const preview = useRoutingPreview(routing)
  const changed = !sameRouting(draft, saved)
  const closeToast = useCallback(() => setToast(null), [])

  function edit(change: Partial<RoutingDraft>) {
    save.reset()
    setDraft((was) => ({ ...was, ...change }))
  }
  async function submit(event: SubmitEvent<HTMLFormElement>) {
    const form = event.currentTarget
    const result = await save.run({ routing, seen })
    if (!result.ok) {
      // Once the error is at its field, that field is where to go on.
      requestAnimationFrame(() => form.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus())
      return
    }
    const kept = draftOf(result.data.routing)
    setSeen(result.data.routing)
    setSaved(kept)
    setDraft(kept)
    setToast('Saved. Gateways apply it to new requests within a second.')
  }

  // What was refused on saving stays until the next edit; before that, what the preview found wrong.
  const problem = save.error ?? preview.error
  const field = formField(problem?.field ?? null)
  const errorOf = (name: string) => (problem && field === name ? sentenceFor(problem) : undefined)
  const rows = { draft, edit, errorOf, market, disabled: disabledReason !== undefined }
  return (
    <div className="grid gap-x-8 gap-y-8 xl:grid-cols-[minmax(0,1fr)_24rem]">
      <Form onSubmit={(event) => void submit(event)} noValidate className="@container min-w-0 [&_input]:scroll-mb-24">
        {disabledReason && <Notice className="mb-4">{disabledReason} You can read it.</Notice>}
        <PreferenceRows {...rows} defaults={view.defaults} />
        <ConstraintRows {...rows} />
        {problem && (!field || problem.owner !== 'client') && <ErrorNotice error={problem} />}
        <div className="sticky bottom-0 z-20 -mx-4 mt-2 flex flex-wrap items-center gap-2 border-t border-line bg-canvas px-4 py-3 lg:mx-0 lg:px-0">
          <Button
            type="submit"
            tone="primary"
            pending={save.pending}
            disabledReason={disabledReason ?? (changed ? undefined : 'Nothing was changed.')}
          >
            Save
          </Button>
          {changed && <Button onClick={() => edit(saved)}>Discard changes</Button>}
          <Button
            tone="quiet"
            disabledReason={disabledReason ?? (sameRouting(draft, emptyDraft) ? 'These are the defaults.' : undefined)}
            onClick={() => edit(emptyDraft)}
          >
            Reset to defaults
          </Button>
          <p className="ml-auto text-xs text-ink-3">
            {changed && 'Not saved yet. '}
            {preview.data && !preview.error && `${preview.data.eligible} of ${preview.data.total} nodes left.`}
          </p>
        </div>
      </Form>
      <div className="min-w-0 xl:sticky xl:top-6 xl:self-start">
        <PreviewPanel preview={preview} />
        <DryRunPanel routing={routing} changed={changed} />
        <RequestExample routing={routing} gatewayUrl={gatewayUrl} model={model} />
      </div>
      <LeaveDialog
        active={changed && disabledReason === undefined}
        title="Leave without saving?"
        description="The changes to the routing policy are lost."
      />
      <Toast message={toast} onClose={closeToast} />
    </div>
  )
}

/** At its field an error need not name it again. */
function sentenceFor({ field, message }: ActionError): string {
  const own = field && message.startsWith(`${field} `) ? message.slice(field.length + 1) : message
  return own.charAt(0).toUpperCase() + own.slice(1)
}
