/** Keyset paging: the cursor is in the URL, so that a page can be shared and the back button works. */
import { hrefWith } from '~/lib/page/search.ts'
import { ButtonLink } from './ui/button.tsx'

export interface PagerProps {
  path: string
  search: Record<string, string | undefined>
  nextCursor: string | null
  words?: { first: string; next: string }
  /** Where on the page the list is. */
  hash?: string
  /** Which parameter holds the cursor: `cursor` but where a page has a second list. */
  param?: string
  /** What a screen reader calls it, where a page has several lists. */
  label?: string
}

const newestFirst = { first: 'Newest', next: 'Older' }

export function Pager(props: PagerProps) {
  const { path, search, nextCursor, words = newestFirst, hash, param = 'cursor', label = 'Pages of the list' } = props
  if (!nextCursor && !search[param]) return null
  const hrefAt = (cursor: string | undefined) =>
    `${hrefWith(path, search, { [param]: cursor })}${hash ? `#${hash}` : ''}`
  return (
    <nav aria-label={label} className="mt-3 flex gap-2">
      {search[param] && (
        <ButtonLink size="sm" href={hrefAt(undefined)}>
          {words.first}
        </ButtonLink>
      )}
      {nextCursor && (
        <ButtonLink size="sm" href={hrefAt(nextCursor)}>
          {words.next}
        </ButtonLink>
      )}
    </nav>
  )
}
