/**
 * Whoever calls our contracts reads their interfaces: everything in those says in a sentence what it is, in which units, who
 * may call it and when it reverts. A sentence may be wrong all the same; a missing one is found here.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { projectRoot } from '../project-root.ts'

const dir = join(projectRoot, 'contracts/src/interfaces')
const files = readdirSync(dir).filter((file) => file.endsWith('.sol'))

/** The comment that stands right above a line, a line break for each of its own. */
function commentAbove(lines: readonly string[], at: number): string {
  let from = at
  while (/^\s*\/\/\//.test(lines[from - 1] ?? '')) from--
  return lines.slice(from, at).join('\n')
}

/** Three words at least: `@notice See {X}.` says nothing yet. */
const saysSomething = (comment: string): boolean => /@notice( +\S+){3}/.test(comment)

/** Names of what has no sentence: of the interface, and of each struct the fields. */
function unexplained(code: string): string[] {
  const lines = code.split('\n')
  const found: string[] = []
  let struct: string | null = null
  for (const [at, line] of lines.entries()) {
    const [, kind, name] = /^(?: {4})?(interface|function|event|error|struct|enum) (\w+)/.exec(line) ?? []
    if (name !== undefined && !saysSomething(commentAbove(lines, at))) found.push(`${kind} ${name}`)
    if (kind === 'struct') struct = name ?? null
    if (line === '    }') struct = null
    const [, field, comment = ''] = /^ {8}[\w.[\]]+ (\w+);(.*)$/.exec(line) ?? []
    if (struct === null || field === undefined) continue
    if (!/^ \/\/ \S+/.test(comment) && commentAbove(lines, at) === '') found.push(`field ${struct}.${field}`)
  }
  return found
}

test('every item of an interface says what it is', () => {
  expect(files.length).toBeGreaterThan(5)
  const found = files.flatMap((file) => unexplained(readFileSync(join(dir, file), 'utf8')).map((name) => [file, name]))
  expect(found).toEqual([])
})

test('an item without a sentence is found, whichever it is', () => {
  const explained = `/// @notice What this is for.
interface IThing {
    /// @notice One of these things, whatever it is.
    struct Thing {
        uint64 size; // In bytes.
        /// In µUSD.
        uint128 price;
    }

    /// @notice A thing was made by somebody.
    event Made(uint64 size);
    /// @notice Nobody made such a thing.
    error Unknown();

    /// @notice Makes a thing. Anyone may.
    function make(uint64 size) external;
}
`
  expect(unexplained(explained)).toEqual([])
  const without = (text: string) => unexplained(explained.replace(text, ''))
  expect(without('/// @notice What this is for.\n')).toEqual(['interface IThing'])
  expect(without('    /// @notice One of these things, whatever it is.\n')).toEqual(['struct Thing'])
  expect(without(' // In bytes.')).toEqual(['field Thing.size'])
  expect(without('        /// In µUSD.\n')).toEqual(['field Thing.price'])
  expect(without('    /// @notice A thing was made by somebody.\n')).toEqual(['event Made'])
  expect(without('such a thing.')).toEqual(['error Unknown'])
  expect(unexplained(explained.replace('@notice Makes', '@dev Makes'))).toEqual(['function make'])
})
