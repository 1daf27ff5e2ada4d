/** The signed structure, field by field, exactly as it was hashed. */
import { CopyButton } from '~/components/ui/copy-button.tsx'

export interface SignedFieldsProps {
  title: string
  hash: string
  fields: Record<string, string | number>
  /** What `hash` is, where it is not the structure's own. */
  hashName?: string
  /** Null for what others sign by its hash. */
  signature: string | null
  /** Further ones, by what they are. */
  signatures?: Record<string, string>
}

export function SignedFields(props: SignedFieldsProps) {
  const { title, hash, hashName = 'EIP-712 hash', fields, signature, signatures = {} } = props
  const rows: [string, string | number][] = [
    [hashName, hash],
    ...Object.entries(fields),
    ...(signature === null ? [] : [['signature', signature] as [string, string]]),
    ...Object.entries(signatures),
  ]
  return (
    <details className="rounded-md border border-line bg-surface">
      <summary className="flex h-9 items-center justify-between px-3 font-medium hover:bg-hover">
        {title}
        <span className="text-xs font-normal text-ink-3">
          {Object.keys(fields).length} {signature === null ? 'hashed' : 'signed'} fields
        </span>
      </summary>
      <div className="border-t border-line p-3">
        <div className="float-right">
          <CopyButton
            withText
            label={`${title} as JSON`}
            value={JSON.stringify({ fields, ...(signature !== null && { signature }), ...signatures }, null, 2)}
          />
        </div>
        <dl className="grid grid-cols-[max-content_minmax(0,1fr)] gap-x-4 gap-y-1">
          {rows.map(([name, value]) => (
            <div key={name} className="contents">
              <dt className="text-ink-3">{name}</dt>
              <dd className="font-mono text-xs break-all">{value}</dd>
            </div>
          ))}
        </dl>
      </div>
    </details>
  )
}
