/** Keyset paging: the cursor is in the URL, so that a page can be shared and the back button works. */
import { hrefWith } from '~/lib/search.ts'
import { ButtonLink } from './ui/button.tsx'

export interface PagerProps {
  path: string
  search: Record<string, string | undefined>
  nextCursor: string | null
}

export function Pager({ path, search, nextCursor }: PagerProps) {
  if (!nextCursor && !search.cursor) return null
  return (
    <nav aria-label="Pages of the list" className="mt-3 flex gap-2">
      {search.cursor && (
        <ButtonLink size="sm" href={hrefWith(path, search, { cursor: undefined })}>
          Newest
        </ButtonLink>
      )}
      {nextCursor && (
        <ButtonLink size="sm" href={hrefWith(path, search, { cursor: nextCursor })}>
          Older
        </ButtonLink>
      )}
    </nav>
  )
}
