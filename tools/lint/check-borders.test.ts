import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { projectRoot } from '../project-root.ts'
import { checkBorders } from './check-borders.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'isochrone-borders-'))
  for (const name of ['domain', 'db', 'scheduler', 'services', 'local-stack']) {
    write(`packages/${name}/package.json`, JSON.stringify({ exports: { '.': './src/index.ts' } }))
  }
  write('apps/gateway/package.json', '{}')
  write('apps/worker/package.json', '{}')
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

function write(file: string, text: string): void {
  mkdirSync(dirname(join(root, file)), { recursive: true })
  writeFileSync(join(root, file), text)
}

const reasons = () => checkBorders(root).map(({ file, line, reason }) => `${file}:${line} ${reason}`)

test('the project keeps its own borders', () => {
  expect(checkBorders(projectRoot)).toEqual([])
})

test('a forbidden import fails, however it is written', () => {
  const forms = [
    `import { x } from '@isochrone/db'`,
    `import type { X } from "@isochrone/db"`,
    `export * from '@isochrone/db'`,
    `import '@isochrone/db'`,
    `const db = await import('@isochrone/db')`,
    `import {\n  x,\n} from '@isochrone/db'`,
  ]
  for (const form of forms) {
    write('packages/scheduler/src/decide.ts', `${form}\n`)
    expect(reasons()).toEqual([expect.stringContaining(`packages/scheduler may not import '@isochrone/db'`)])
  }
})

test('what is allowed passes: domain for all, any package for an app, and real services for tests', () => {
  write('packages/scheduler/src/a.ts', `import { money } from '@isochrone/domain'\n// import '@isochrone/db'`)
  write('packages/services/src/b.ts', `import { decide } from '@isochrone/scheduler'`)
  write('apps/gateway/src/c.ts', `import { decide } from '@isochrone/services'\nimport './d.ts'`)
  write('packages/db/src/e.test.ts', `import { startTestStack } from '@isochrone/local-stack'`)
  expect(reasons()).toEqual([])
})

test('apps never import one another, and nobody imports past exports or out of its package', () => {
  write('apps/gateway/src/a.ts', `import '@isochrone/worker'`)
  write('apps/gateway/src/b.ts', `import '@isochrone/db/src/secret.ts'`)
  write('apps/gateway/src/c.ts', `import '../../worker/src/main.ts'`)
  write('apps/gateway/src/d.ts', `import '@isochrone/nothing'`)
  expect(reasons()).toEqual([
    "apps/gateway/src/a.ts:1 apps/gateway may not import the app '@isochrone/worker'",
    "apps/gateway/src/b.ts:1 '@isochrone/db/src/secret.ts' is not among the exports of db",
    "apps/gateway/src/c.ts:1 '../../worker/src/main.ts' leaves apps/gateway: import the package by its name",
    "apps/gateway/src/d.ts:1 '@isochrone/nothing' is no package of this workspace",
  ])
})

test('process.env is read in runtime alone, and a new package needs a border', () => {
  write('packages/services/src/a.ts', `/* process.env */\nexport const x = process.env.X`)
  write('packages/runtime/src/a.ts', `export const x = process.env.X`)
  write('packages/novel/src/a.ts', '')
  expect(reasons()).toEqual([
    'packages/novel:1 has no border: add it to tools/lint/borders.ts',
    'packages/services/src/a.ts:2 process.env is read in packages/runtime alone',
  ])
})
