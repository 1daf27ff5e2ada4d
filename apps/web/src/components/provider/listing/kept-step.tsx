'use client'
/**
 * The form of a step while another tab saves the same step.
 *
 * A form that nobody has touched starts anew with what was saved. One with something typed stays as it is, at the version
 * that it saw, so that the server still refuses to let it overwrite the other's words; a sentence says so and offers them.
 */
import { createContext, use, useMemo, useState, type ReactNode } from 'react'
import { Button } from '~/components/ui/button.tsx'
import { Notice } from '~/components/ui/notice.tsx'

interface KeptForm {
  /** This form's own save begins: what it changes is not another tab's. */
  saving(): void
  /** It came back. */
  ended(wasSaved: boolean): void
}

const KeptFormContext = createContext<KeptForm>({ saving: () => undefined, ended: () => undefined })
export const useKeptForm = (): KeptForm => use(KeptFormContext)

export interface KeptStepProps {
  /** What is saved of the step, as text: changes when anybody saves it. */
  savedAt: string
  children: ReactNode
}

export function KeptStep({ savedAt, children }: KeptStepProps) {
  const [shown, setShown] = useState({ savedAt, children })
  const [edited, setEdited] = useState(false)
  const [isSaving, setSaving] = useState(false)
  const keptForm = useMemo<KeptForm>(
    () => ({
      saving: () => setSaving(true),
      ended: (wasSaved) => {
        setSaving(false)
        if (wasSaved) setEdited(false)
      },
    }),
    [],
  )
  const isKept = edited && shown.savedAt !== savedAt
  if (!isKept && shown.children !== children) setShown({ savedAt, children })
  return (
    <div className="flex flex-col gap-4" onChangeCapture={() => setEdited(true)}>
      {isKept && !isSaving && (
        <Notice tone="warn" live>
          <p>This step was saved in another tab. What you typed here is not saved, and cannot be saved over it.</p>
          <Button size="sm" className="mt-2" onClick={() => setEdited(false)}>
            Show what was saved
          </Button>
        </Notice>
      )}
      <KeptFormContext key={shown.savedAt} value={keptForm}>
        {shown.children}
      </KeptFormContext>
    </div>
  )
}
