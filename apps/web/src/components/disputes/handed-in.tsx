/** A text that a party or an arbiter handed in, by the hash that the chain holds of it. */
import { Hash } from '~/components/ui/values.tsx'

export function HandedIn({ title, hash, text }: { title: string; hash: string; text: string | null }) {
  return (
    <figure className="rounded-md border border-line bg-surface px-3.5 py-3">
      <figcaption className="mb-1 flex flex-wrap items-center gap-x-2 text-xs text-ink-3">
        {title} <Hash value={hash} label="hash" />
      </figcaption>
      {text === null ? (
        <p className="text-ink-2">The text was not handed in here: its author has it.</p>
      ) : (
        <pre className="max-h-64 overflow-auto text-sm break-words whitespace-pre-wrap" tabIndex={0}>
          {text}
        </pre>
      )}
    </figure>
  )
}
