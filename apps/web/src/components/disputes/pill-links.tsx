/** A choice between a few views of one list, in the URL. */
import { Link } from '~/components/ui/link.tsx'
import { cn } from '~/lib/cn.ts'

export function PillLinks({
  label,
  items,
}: {
  label: string
  items: readonly { href: string; label: string; current: boolean }[]
}) {
  return (
    <nav aria-label={label} className="mb-3 flex gap-1">
      {items.map(({ href, label: word, current }) => (
        <Link
          key={href}
          href={href}
          aria-current={current ? 'page' : undefined}
          className={cn(
            'inline-flex h-7 items-center rounded-md border px-2.5 text-xs font-medium',
            current ? 'border-line-strong bg-raised text-ink' : 'border-transparent text-ink-2 hover:bg-hover',
          )}
        >
          {word}
        </Link>
      ))}
    </nav>
  )
}
