'use client'
/** Where a file is dropped or chosen: one button over the whole field, for hands, keyboards and screen readers alike. */
import { Upload } from 'lucide-react'
import { useState, type DragEvent } from 'react'
import { cn } from '~/lib/cn.ts'

export interface FileDropProps {
  onFile: (file: File) => void
  /** Why none may be chosen. */
  disabledReason?: string | undefined
}

export function FileDrop({ onFile, disabledReason }: FileDropProps) {
  const [over, setOver] = useState(false)
  const disabled = disabledReason !== undefined
  const drag = (isOver: boolean) => (event: DragEvent) => {
    event.preventDefault()
    setOver(isOver && !disabled)
  }
  function drop(event: DragEvent) {
    drag(false)(event)
    const file = event.dataTransfer.files[0]
    if (file && !disabled) onFile(file)
  }
  return (
    <label
      onDragOver={drag(true)}
      onDragLeave={drag(false)}
      onDrop={drop}
      className={cn(
        'relative flex flex-col items-center rounded-md border border-dashed border-line-strong bg-surface px-6 py-12 text-center has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent',
        over && 'border-accent bg-accent-soft',
        disabled ? 'cursor-not-allowed' : 'cursor-pointer hover:bg-hover',
      )}
    >
      <input
        type="file"
        accept=".jsonl,.ndjson,application/x-ndjson,application/jsonl"
        disabled={disabled}
        onChange={(event) => {
          const file = event.target.files?.[0]
          // So that the same file, mended, may be chosen again.
          event.target.value = ''
          if (file) onFile(file)
        }}
        className="absolute inset-0 cursor-[inherit] opacity-0"
      />
      <Upload aria-hidden className="mb-3 size-6 text-ink-3" strokeWidth={1.5} />
      <span className="text-base font-medium">Drop a .jsonl file here, or choose one</span>
      <span className="mt-1 max-w-[64ch] text-ink-2">
        {disabledReason ??
          'One request a line. It is checked in your browser first; nothing is sent before you say so.'}
      </span>
    </label>
  )
}
