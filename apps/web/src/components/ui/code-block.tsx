/** A command or an answer, ready to copy. The button stands above the text: beside a long line it would cover its end. */
import { CopyButton } from './copy-button.tsx'

export function CodeBlock({ code, label }: { code: string; label: string }) {
  return (
    <div className="rounded-md border border-line bg-sunken">
      <div className="flex h-8 items-center justify-between gap-2 border-b border-line pr-1.5 pl-3">
        <span className="truncate text-xs text-ink-3 first-letter:uppercase">{label}</span>
        <CopyButton value={code} label={label} withText />
      </div>
      <pre
        role="region"
        aria-label={label}
        tabIndex={0}
        className="overflow-x-auto p-3 font-mono text-xs leading-[18px] text-ink"
      >
        <code>{code}</code>
      </pre>
    </div>
  )
}
