/** One of a page's lists that goes on over several pages: its rows, and links to the others that come back to its heading. */
import { Pager, type PagerProps } from './pager.tsx'
import { Section, type SectionProps } from './ui/page-header.tsx'

export interface PagedSectionProps
  extends SectionProps, Pick<PagerProps, 'path' | 'search' | 'nextCursor' | 'words' | 'param'> {
  /** The anchor; the list's cursor has its name too, unless `param` says otherwise. */
  id: string
}

export function PagedSection({ path, search, nextCursor, words, param, children, ...section }: PagedSectionProps) {
  return (
    <Section {...section}>
      {children}
      <Pager
        path={path}
        search={search}
        nextCursor={nextCursor}
        words={words}
        hash={section.id}
        label={`Pages of the ${section.title.toLowerCase()}`}
        param={param ?? section.id}
      />
    </Section>
  )
}
