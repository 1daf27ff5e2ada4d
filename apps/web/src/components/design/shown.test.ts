/** What pages are copied from is whole: each state and each component of `ui` stands on the design page. */
import { globSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { allLooks } from '~/components/status.tsx'
import { expect, test } from 'vitest'

const here = dirname(fileURLToPath(import.meta.url))
const read = (path: string) => readFileSync(join(here, path), 'utf8')
const shown = globSync('*.tsx', { cwd: here }).map(read).join('\n')

test('every record of looks is shown', () => {
  const found = read('../status.tsx').matchAll(/^(?:export )?const (?!all)(\w+)Looks: Record/gm)
  const declared = [...found].map((match) => match[1] ?? '')
  expect(declared.length).toBeGreaterThan(10)
  expect(Object.keys(allLooks).toSorted()).toEqual(declared.toSorted())
})

test.each(globSync('*.tsx', { cwd: join(here, '../ui') }))('ui/%s is shown', (file) => {
  expect(shown).toContain(`~/components/ui/${basename(file)}'`)
})
