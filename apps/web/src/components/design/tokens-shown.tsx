/** The tokens: colours by what they mean, and the sizes of type. */
import { DataTable } from '~/components/ui/data-table.tsx'
import { Section } from '~/components/ui/page-header.tsx'

const colors = [
  ['canvas', 'The page itself'],
  ['surface', 'Tables, lists of facts'],
  ['raised', 'Buttons, dialogs, menus'],
  ['sunken', 'Heads of tables, code'],
  ['hover', 'Under the pointer'],
  ['line', 'Borders'],
  ['line-strong', 'Borders of controls: 3:1 at least'],
  ['ink', 'Text'],
  ['ink-2', 'Text that supports'],
  ['ink-3', 'Labels, notes: 4.5:1 at least'],
  ['accent', 'The one accent: links, the first action'],
  ['good', 'It holds'],
  ['warn', 'It needs a look'],
  ['bad', 'It failed'],
] as const

const sizes = [
  ['text-2xl', '26/32', 'A figure that a page is about'],
  ['text-xl', '20/28', 'Title of a page'],
  ['text-lg', '16/24', 'Title of a dialog'],
  ['text-base', '14/21', 'Title of a section, values'],
  ['text-sm', '13/20', 'Text, tables'],
  ['text-xs', '12/18', 'Notes, heads of tables'],
  ['text-2xs', '11/16', 'Badges'],
] as const

export function TokensShown() {
  return (
    <>
      <Section title="Colours" description="Both themes from one list; a test holds their contrast (WCAG AA).">
        <ul className="grid grid-cols-2 gap-2 sm:grid-cols-4 xl:grid-cols-7">
          {colors.map(([name, use]) => (
            <li key={name} className="overflow-hidden rounded-md border border-line bg-surface">
              <span
                aria-hidden
                className="block h-10 border-b border-line"
                style={{ backgroundColor: `var(--${name})` }}
              />
              <span className="block px-2 pt-1.5 font-mono text-xs">{name}</span>
              <span className="block px-2 pb-2 text-xs text-ink-3">{use}</span>
            </li>
          ))}
        </ul>
      </Section>
      <Section title="Type" description="Geist, and Geist Mono for what is copied. Figures are tabular.">
        <DataTable
          label="Sizes of type"
          rows={sizes}
          rowKey={([name]) => name}
          columns={[
            { head: 'Class', className: 'font-mono text-xs', cell: ([name]) => name },
            { head: 'Size/line, px', numeric: true, cell: ([, size]) => size },
            { head: 'Sample', cell: ([name]) => <span className={name}>Travel time 0123456789</span> },
            { head: 'For', cell: ([, , use]) => use },
          ]}
        />
      </Section>
    </>
  )
}
