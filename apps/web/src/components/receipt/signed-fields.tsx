/** The signed structure, field by field, exactly as it was hashed. */
import { CopyButton } from '~/components/ui/copy-button.tsx'

export interface SignedFieldsProps {
  title: string
  hash: string
  fields: Record<string, string | number>
  signature: string
}

export function SignedFields({ title, hash, fields, signature }: SignedFieldsProps) {
  const rows = [['EIP-712 hash', hash], ...Object.entries(fields), ['signature', signature]] as [
    string,
    string | number,
  ][]
  return (
    <details className="rounded-md border border-line bg-surface">
      <summary className="flex h-9 items-center justify-between px-3 font-medium hover:bg-hover">
        {title}
        <span className="text-xs font-normal text-ink-3">{Object.keys(fields).length} signed fields</span>
      </summary>
      <div className="border-t border-line p-3">
        <CopyButton
          withText
          label={`${title} as JSON`}
          value={JSON.stringify({ fields, signature }, null, 2)}
          className="float-right"
        />
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
