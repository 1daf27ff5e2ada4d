/** Data that was there before routing policies keeps its meaning: what was set, and what nodes are. */
import { startTestStack, type TestStack } from '@isochrone/local-stack'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { applyMigrations } from './migrate.ts'
import { databaseBefore } from './testing/database-before.ts'

let stack: TestStack
beforeAll(async () => {
  stack = await startTestStack({ postgres: true })
})
afterAll(() => stack?.stop())

test('settings become a policy, and nodes get the class of their hardware', async () => {
  const databaseUrl = await databaseBefore(stack, '0002')
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    await client.query(oldRows)
    await applyMigrations(databaseUrl)
    const settings = await client.query<{ orgId: string; routing: object }>('select "orgId", routing from org_settings')
    expect(Object.fromEntries(settings.rows.map((row) => [row.orgId, row.routing]))).toEqual({
      default: {},
      valued: { value_of_second_usd: 0.0015 },
      cheap: { sort: 'price' },
    })
    const nodes = await client.query<{ name: string; is: string }>(
      `select name, concat_ws(' ', "gpuClass", tier, "dataPolicy", trust) as is from node`,
    )
    expect(Object.fromEntries(nodes.rows.map((row) => [row.name, row.is]))).toEqual({
      h200: 'H200 regional any claimed',
      said: 'B200 regional any claimed',
      odd: 'GPU regional any claimed',
      cpu: 'CPU regional any claimed',
      silent: 'CPU regional any claimed',
    })
  } finally {
    await client.end()
  }
})

const inventories: Record<string, object | null> = {
  h200: { hardware: '8 × NVIDIA', gpus: [{ name: 'NVIDIA H200 141GB HBM3e' }] },
  said: { hardware: '8 × NVIDIA B200 (simulated)', gpus: [] },
  odd: { hardware: 'a board', gpus: [{ name: 'Accelerator X' }] },
  cpu: { hardware: 'AMD EPYC 7B13', gpus: [] },
  silent: null,
}

const oldRows = `
  insert into org_settings ("orgId", sort, "valueOfSecondMicroUsd", "updatedAt") values
    ('default', 'balanced', 200, now()), ('valued', 'latency', 1500, now()), ('cheap', 'price', 200, now());
  insert into provider (id, "orgId", name, "ownerAddress", "payoutAddress", salt, "feeBps")
    values ('p', 'o', 'P', '0x', '0x', '0x', 0);
  insert into terms (hash, "providerId", document) values ('t', 'p', '{}');
  ${Object.entries(inventories)
    .map(
      ([name, inventory]) => `
        insert into node ("nodeId", id, name, "providerId", "termsHash", region, country, "failureDomain", inventory,
          "updatedAt")
        values ('${name}', '${name}', '${name}', 'p', 't', 'eu', 'NL', '${name}',
          ${inventory ? `'${JSON.stringify(inventory)}'` : 'null'}, now());`,
    )
    .join('')}`
