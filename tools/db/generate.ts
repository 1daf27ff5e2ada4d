/**
 * Generates the Prisma client from prisma/*.prisma, unless the schema is the one it was last generated from.
 */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { projectRoot } from '../project-root.ts'
import { runPrisma } from './prisma-cli.ts'

const output = join(projectRoot, 'packages/db/src/generated')
const stampFile = join(output, '.schema-hash')

/**
 * Brings the generated client up to date; true when it had to be generated.
 *
 * @throws Error with what Prisma said about the schema.
 */
export async function generateClient(): Promise<boolean> {
  const wanted = schemaHash()
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wanted) return false
  const { code, stdout, stderr } = await runPrisma(['generate'])
  if (code !== 0) throw new Error(`prisma generate failed:\n${stdout}\n${stderr}`)
  writeFileSync(stampFile, wanted)
  return true
}

function schemaHash(): string {
  const hash = createHash('sha256')
  const dir = join(projectRoot, 'prisma')
  const files = readdirSync(dir).filter((name) => name.endsWith('.prisma'))
  for (const file of files.toSorted()) hash.update(file).update(readFileSync(join(dir, file)))
  return hash.update(readFileSync(join(projectRoot, 'pnpm-workspace.yaml'))).digest('hex')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const generated = await generateClient()
  process.stdout.write(generated ? 'Generated the Prisma client.\n' : 'The Prisma client is up to date.\n')
}
