/** Secrets of one data directory, made on the first start: two installations never share a session or internal token. */
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

const secrets = z.object({ authSecret: z.string().min(32), internalToken: z.string().min(32) })

export type Secrets = z.infer<typeof secrets>

export function loadSecrets(dataDir: string): Secrets {
  const file = join(dataDir, 'secrets.json')
  if (!existsSync(file)) {
    const fresh = () => randomBytes(32).toString('base64url')
    writeFileSync(file, JSON.stringify({ authSecret: fresh(), internalToken: fresh() }), { mode: 0o600 })
  }
  return secrets.parse(JSON.parse(readFileSync(file, 'utf8')))
}
