import { startTestStack, type TestStack } from '@isochrone/local-stack'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { generateClient } from './generate.ts'
import { diffToSchema } from './make-migration.ts'
import { runPrisma } from './prisma-cli.ts'

let stack: TestStack
beforeAll(async () => {
  stack = await startTestStack({ postgres: true })
})
afterAll(() => stack?.stop())

/** What `npm start` applies and what Prisma's CLI sees must be one history. */
test('Prisma says that a database migrated by our runner is up to date', async () => {
  const { code, stdout } = await runPrisma(['migrate', 'status'], stack.databaseUrl)
  expect(stdout).toContain('Database schema is up to date!')
  expect(code).toBe(0)
})

test('the committed migrations describe exactly the schema', async () => {
  expect(await diffToSchema()).toBe('')
})

test('generating twice does the work once', async () => {
  await generateClient()
  expect(await generateClient()).toBe(false)
})
