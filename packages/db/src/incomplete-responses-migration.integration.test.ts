/** Webhooks that were told of responses that a limit cut short are told of them still, by their new name. */
import { startTestStack, type TestStack } from '@isochrone/local-stack'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { applyMigrations } from './migrate.ts'
import { databaseBefore } from './testing/database-before.ts'

let stack: TestStack
beforeAll(async () => {
  stack = await startTestStack({ postgres: true })
}, 300_000)
afterAll(() => stack?.stop())

test('whoever asked for completed responses hears of incomplete ones too, others of neither', async () => {
  const url = await databaseBefore(stack, '0035')
  const database = new pg.Client({ connectionString: url })
  await database.connect()
  try {
    await database.query(`insert into webhook_endpoint (id, "orgId", url, secret, events) values
      ('a', 'o', 'u', 's', '{response.completed,response.failed}'), ('b', 'o', 'u', 's', '{response.failed,job.failed}')`)
    await applyMigrations(url)
    const { rows } = await database.query<{ events: string[] }>('select events from webhook_endpoint order by id')
    expect(rows.map(({ events }) => events)).toEqual([
      ['response.completed', 'response.incomplete', 'response.failed'],
      ['response.failed', 'job.failed'],
    ])
  } finally {
    await database.end()
  }
})
