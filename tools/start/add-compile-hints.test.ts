import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { addCompileHints } from './add-compile-hints.ts'

const made: string[] = []
afterEach(() => {
  for (const dir of made.splice(0)) rmSync(dir, { recursive: true, force: true })
})

function built(rootMainFiles: unknown): string {
  const dir = mkdtempSync(join(tmpdir(), 'isochrone-hints-'))
  made.push(dir)
  mkdirSync(join(dir, 'static/chunks'), { recursive: true })
  writeFileSync(join(dir, 'build-manifest.json'), JSON.stringify({ rootMainFiles }))
  for (const name of ['react', 'router', 'page']) writeFileSync(join(dir, `static/chunks/${name}.js`), `run('${name}')`)
  return dir
}
const textOf = (dir: string, name: string) => readFileSync(join(dir, `static/chunks/${name}.js`), 'utf8')

test('what every page starts with is hinted in its first line, and nothing else is', () => {
  const dir = built(['static/chunks/react.js', 'static/chunks/router.js'])
  addCompileHints(dir)
  expect(textOf(dir, 'react')).toBe("//# allFunctionsCalledOnLoad\nrun('react')")
  expect(textOf(dir, 'router')).toBe("//# allFunctionsCalledOnLoad\nrun('router')")
  expect(textOf(dir, 'page')).toBe("run('page')")
})

test('a second time changes nothing', () => {
  const dir = built(['static/chunks/react.js'])
  addCompileHints(dir)
  const once = textOf(dir, 'react')
  addCompileHints(dir)
  expect(textOf(dir, 'react')).toBe(once)
})

test('a build whose manifest has another shape is an error, not a page without hints', () => {
  expect(() => addCompileHints(built(undefined))).toThrow()
})
