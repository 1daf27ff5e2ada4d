import { createElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { expect, test } from 'vitest'
import { PagedSection, type PagedSectionProps } from './paged-section.tsx'

const path = '/epochs/0x1/7'
const words = { first: 'First', next: 'Next 50' }

function shown(change: Partial<PagedSectionProps>): string {
  const props = { title: 'Lease receipts', id: 'leases', path, words, search: {}, nextCursor: null, ...change }
  return renderToStaticMarkup(createElement(PagedSection, { ...props, children: 'its rows' }))
}
const linksOf = (html: string) =>
  [...html.matchAll(/href="([^"]*)"/g)].map(([, href = '']) => href.replaceAll('&amp;', '&'))

/** Plain links: they work without JavaScript, and one list's page leaves the others where they are. */
test('the pages of one list keep those of the others and come back to their own heading', () => {
  const search = { cursor: '12', leases: '50' }
  const html = shown({ search, nextCursor: '100' })
  expect(html).toMatch(/^<section id="leases"/)
  expect(html).toContain('<nav aria-label="Pages of the lease receipts"')
  expect(linksOf(html)).toEqual([`${path}?cursor=12#leases`, `${path}?cursor=12&leases=100#leases`])
  expect(linksOf(shown({ search, nextCursor: '24', title: 'Receipts', id: 'receipts', param: 'cursor' }))).toEqual([
    `${path}?leases=50#receipts`,
    `${path}?cursor=24&leases=50#receipts`,
  ])
})

test('a list that fits on its page has no links, whatever the others have', () => {
  const html = shown({ search: { cursor: '12' } })
  expect(html).toContain('its rows')
  expect(html).not.toContain('<nav')
})
