/**
 * Reads the import statements of every source file and reports those that cross a border.
 *
 * Also reported: imports past a package's `exports`, relative imports that leave their package, and reads of
 * `process.env` outside `packages/runtime`.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { borders, environmentReaders, openToTests, relativeImportsInto } from './borders.ts'

export interface Violation {
  readonly file: string
  readonly line: number
  readonly reason: string
}

const scope = '@isochrone/'
const sourceFile = /\.(ts|tsx|mts|js|mjs|cjs)$/
const testFile = /(\.test\.tsx?$|\/test\/|\.fixture\.ts$)/
/** This check's own sources quote forbidden imports as examples. */
const exempt = 'tools/lint/check-borders'
const ignored = new Set(['node_modules', '.next', '.git', '.data', 'generated', 'out', 'cache', 'dist', 'coverage'])

/** Every violation below `root`, in order of file and line. */
export function checkBorders(root: string): Violation[] {
  const members = Object.keys(borders).filter((member) => existsSync(join(root, member)))
  const found = members.flatMap((member) => sourceFiles(root, member).flatMap((file) => checkFile(root, member, file)))
  const unknown = ['packages', 'apps'].flatMap((group) =>
    (existsSync(join(root, group)) ? readdirSync(join(root, group)) : [])
      .map((name) => `${group}/${name}`)
      .filter((member) => !(member in borders))
      .map((member) => ({ file: member, line: 1, reason: 'has no border: add it to tools/lint/borders.ts' })),
  )
  return [...unknown, ...found]
}

function checkFile(root: string, member: string, file: string): Violation[] {
  const text = withoutComments(readFileSync(join(root, file), 'utf8'))
  const at = (index: number) => text.slice(0, index).split('\n').length
  const violations: Violation[] = []
  for (const { specifier, index } of importsOf(text)) {
    const reason = specifier.startsWith('.')
      ? relativeReason(member, file, specifier)
      : packageReason(root, member, file, specifier)
    if (reason) violations.push({ file, line: at(index), reason })
  }
  if (!environmentReaders.some((allowed) => allowed.test(file))) {
    for (const match of text.matchAll(/\bprocess\s*(\?\.|\.)\s*env\b|\bprocess\[\s*['"]env['"]/g)) {
      violations.push({ file, line: at(match.index), reason: 'process.env is read in packages/runtime alone' })
    }
  }
  return violations
}

/** `import … from 'x'`, `export … from 'x'`, `import 'x'`, `import('x')`, `require('x')`. */
function importsOf(text: string): { specifier: string; index: number }[] {
  const statement = /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*)(['"])([^'"\n]+)\1/g
  return [...text.matchAll(statement)].map((match) => ({ specifier: String(match[2]), index: match.index }))
}

function relativeReason(member: string, file: string, specifier: string): string | null {
  const target = posix.normalize(posix.join(dirname(file), specifier))
  if (target === member || target.startsWith(`${member}/`)) return null
  const allowed = relativeImportsInto[member] ?? []
  if (allowed.some((other) => target.startsWith(`${other}/`))) return null
  return `'${specifier}' leaves ${member}: import the package by its name`
}

function packageReason(root: string, member: string, file: string, specifier: string): string | null {
  if (!specifier.startsWith(scope)) return null
  const [name = '', ...rest] = specifier.slice(scope.length).split('/')
  const own = member.split('/').at(-1)
  const target = ['packages', 'apps'].map((group) => `${group}/${name}`).find((path) => existsSync(join(root, path)))
  if (!target) return `'${specifier}' is no package of this workspace`
  if (target.startsWith('apps/') && target !== member) return `${member} may not import the app '${specifier}'`

  const subpath = rest.length === 0 ? '.' : `./${rest.join('/')}`
  const manifest = JSON.parse(readFileSync(join(root, target, 'package.json'), 'utf8')) as { exports?: object }
  if (!Object.keys(manifest.exports ?? {}).includes(subpath))
    return `'${specifier}' is not among the exports of ${name}`

  const allowed = testFile.test(file) ? openToTests : borders[member]
  if (name === 'domain' || name === own || allowed === 'any package') return null
  return allowed?.includes(name) ? null : `${member} may not import '${specifier}'`
}

/** Blanks comments, keeping line breaks. Strings that hold comment marks are rare enough in imports to ignore. */
function withoutComments(text: string): string {
  const blank = (comment: string) => comment.replace(/[^\n]/g, ' ')
  return text.replace(/\/\*[\s\S]*?\*\//g, blank).replace(/(^|\s)\/\/[^\n]*/g, blank)
}

function sourceFiles(root: string, dir: string): string[] {
  return readdirSync(join(root, dir), { withFileTypes: true })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = `${dir}/${entry.name}`
      if (ignored.has(entry.name) || path.startsWith(exempt)) return []
      if (entry.isDirectory()) return sourceFiles(root, path)
      return sourceFile.test(entry.name) && !entry.name.endsWith('.d.ts') ? [path] : []
    })
}
