'use client'
/** Saves text that the page holds as a file; nothing leaves the browser. */
import { Download } from 'lucide-react'
import { Button } from './button.tsx'

export interface DownloadButtonProps {
  fileName: string
  text: string
  /** What the button says. */
  children: string
}

export function DownloadButton({ fileName, text, children }: DownloadButtonProps) {
  function save() {
    const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }))
    const link = document.createElement('a')
    link.href = url
    link.download = fileName
    link.click()
    // Not at once: the browser reads it after the click.
    setTimeout(() => URL.revokeObjectURL(url), 10_000)
  }
  return (
    <Button size="sm" onClick={save}>
      <Download aria-hidden className="size-3.5" /> {children}
    </Button>
  )
}
