'use client'
/** A secret that is shown once: to be copied and stored, then gone. Dialogs that make one show it in place of their form. */
import type { ReactNode } from 'react'
import { Button } from './button.tsx'
import { CopyButton } from './copy-button.tsx'
import { Notice } from './notice.tsx'

export interface SecretOnceProps {
  secret: string
  /** What it is, as the copy button names it: "key". */
  label: string
  /** What it can do in the wrong hands, as a sentence. */
  warning: string
  /** How to use it. */
  children?: ReactNode
  onStored: () => void
}

export function SecretOnce({ secret, label, warning, children, onStored }: SecretOnceProps) {
  return (
    <div className="flex flex-col gap-3">
      <div className="flex items-center gap-2 rounded-md border border-line bg-sunken px-3 py-2">
        <code data-testid="secret" className="min-w-0 flex-1 font-mono text-xs break-all">
          {secret}
        </code>
        <CopyButton value={secret} label={label} withText />
      </div>
      <Notice tone="warn">This is the only time that it is shown. {warning}</Notice>
      {children}
      <Button tone="primary" className="self-end" onClick={onStored}>
        I have stored it
      </Button>
    </div>
  )
}
