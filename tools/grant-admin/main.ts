/**
 * `npm run admin:grant`: makes an account that signed up by itself a member of staff. Whoever may read the instance's file may do
 * this, and nobody through the web: an empty marketplace has no staff who could.
 */
import { join, resolve } from 'node:path'
import { createDb, createStore } from '@isochrone/db'
import { noteAudit } from '@isochrone/services'
import { Command } from 'commander'
import { projectRoot } from '../project-root.ts'
import { readInstanceFile } from '../start/instance-file.ts'

const program = new Command('npm run admin:grant --')
  .description('Makes an account of the marketplace that runs here a member of staff.')
  .requiredOption('--email <email>', 'of the account')
  .option('--data-dir <dir>', 'data directory of the marketplace', join(projectRoot, '.data'))
  .allowExcessArguments(false)
  .showHelpAfterError()
  .parse()

try {
  const { email, dataDir } = program.opts<{ email: string; dataDir: string }>()
  const instance = readInstanceFile(resolve(dataDir))
  if (!instance) throw new Error(`No marketplace runs on ${resolve(dataDir)}. Start one with: npm start`)
  const db = createDb(instance.databaseUrl, { connectionsMax: 1 })
  try {
    const store = createStore(db)
    const userId = await store.accounts.userIdByEmail(email)
    if (!userId) throw new Error(`No account has the address ${email}. Sign up with it first.`)
    await store.transaction(async (tx) => {
      await tx.accounts.setRole(userId, 'admin')
      const by = { userId: 'operator', email: 'operator, on the machine itself' }
      await noteAudit({ store: tx }, { ...by, action: 'staff.grant', input: { id: userId, email }, outcome: 'done' })
    })
    process.stdout.write(`${email} is staff from its next page on.\n`)
  } finally {
    await db.$disconnect()
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
}
