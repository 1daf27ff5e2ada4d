/**
 * What a running marketplace tells the tools beside it (replay, epochs:close, tests): `instance.json` in its data
 * directory, readable by its owner alone because it holds an API key and the internal token.
 */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

const signIn = z.object({ role: z.string(), email: z.string(), password: z.string() })

const instanceInfo = z.object({
  url: z.string(),
  gatewayUrl: z.string(),
  /** Where nodes give out their copies of epoch files. */
  mirrorUrls: z.array(z.string()).optional(),
  apiKey: z.string(),
  /** The model that the printed curl asks for. */
  model: z.string(),
  signIns: z.array(signIn),
  dataDir: z.string(),
  pid: z.number(),
  databaseUrl: z.string(),
  redisUrl: z.string(),
  chainRpcUrl: z.string(),
  deploymentFile: z.string(),
  internalToken: z.string(),
})

export type InstanceInfo = z.infer<typeof instanceInfo>
export type SignIn = z.infer<typeof signIn>

const fileIn = (dataDir: string) => join(dataDir, 'instance.json')

export function writeInstanceFile(info: InstanceInfo): void {
  const file = fileIn(info.dataDir)
  writeFileSync(`${file}.new`, `${JSON.stringify(info, null, 2)}\n`, { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

/** Null when no marketplace has been started there, or it was stopped. */
export function readInstanceFile(dataDir: string): InstanceInfo | null {
  if (!existsSync(fileIn(dataDir))) return null
  return instanceInfo.parse(JSON.parse(readFileSync(fileIn(dataDir), 'utf8')))
}

export function removeInstanceFile(dataDir: string): void {
  rmSync(fileIn(dataDir), { force: true })
}
