/**
 * `npm run admin:grant`: makes an account that signed up by itself a member of staff. Whoever may read the instance's file may do
 * this, and nobody through the web: an empty marketplace has no staff who could.
 */
import { join, resolve } from 'node:path'
import { createDb, createStore } from '@isochrone/db'
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
    const { accounts } = createStore(db)
    const userId = await accounts.userIdByEmail(email)
    if (!userId) throw new Error(`No account has the address ${email}. Sign up with it first.`)
    await accounts.setRole(userId, 'admin')
    process.stdout.write(`${email} is staff from its next page on.\n`)
  } finally {
    await db.$disconnect()
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
}
