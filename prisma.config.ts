/**
 * What Prisma's CLI needs to know. `npm start` and the tests apply migrations by `packages/db/src/migrate.ts`, which
 * keeps the same bookkeeping; the CLI is for generating the client, drawing up migrations and looking around.
 */
import { externalServicesEnv, loadEnv } from '@isochrone/runtime'
import { defineConfig } from 'prisma/config'

const { DATABASE_URL } = loadEnv(externalServicesEnv)

export default defineConfig({
  schema: 'prisma',
  migrations: { path: 'prisma/migrations' },
  ...(DATABASE_URL && { datasource: { url: DATABASE_URL } }),
})
