/** What a verdict was judged by, folded away: the inputs of a check as they are kept. */
export interface JudgedByProps {
  /** What was judged, to tell one from another. */
  what: string
  inputs: string
  summary?: string
}

export function JudgedBy({ what, inputs, summary = 'Judged by' }: JudgedByProps) {
  return (
    <details className="mt-1">
      <summary className="cursor-pointer text-ink-2">
        {summary}
        <span className="sr-only">: {what}</span>
      </summary>
      <pre
        role="region"
        aria-label={`${summary}: ${what}`}
        tabIndex={0}
        className="mt-1 max-h-96 max-w-full overflow-auto rounded-md border border-line bg-sunken p-3 font-mono text-xs leading-[18px] whitespace-pre-wrap break-all"
      >
        {inputs}
      </pre>
    </details>
  )
}
