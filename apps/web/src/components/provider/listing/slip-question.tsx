'use client'
/** Asks whether what looks like a slip is meant; a yes is respected. */
import { Button } from '~/components/ui/button.tsx'
import { Notice } from '~/components/ui/notice.tsx'

export function SlipQuestion({ question, pending, onYes }: { question: string; pending: boolean; onYes: () => void }) {
  return (
    <Notice tone="warn" live>
      <p>{question}</p>
      <Button size="sm" className="mt-2" pending={pending} onClick={onYes}>
        Yes, that is what I mean
      </Button>
    </Notice>
  )
}
