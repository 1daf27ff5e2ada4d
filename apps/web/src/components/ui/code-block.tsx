/** A command or an answer, ready to copy. */
import { CopyButton } from './copy-button.tsx'

export function CodeBlock({ code, label }: { code: string; label: string }) {
  return (
    <div className="relative rounded-md border border-line bg-sunken">
      <pre
        role="region"
        aria-label={label}
        tabIndex={0}
        className="overflow-x-auto p-3 pr-20 font-mono text-xs leading-[18px] text-ink"
      >
        <code>{code}</code>
      </pre>
      <CopyButton value={code} label={label} withText className="absolute top-1.5 right-1.5 bg-sunken" />
    </div>
  )
}
