/**
 * Keys of the demo nodes, in the place where each agent keeps its own: made before the seed, which admits them.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generatePrivateKey, privateKeyToAddress } from 'viem/accounts'
import { demoNodes, type DemoNode } from './demo-nodes.ts'

export type DemoNodeWithKey = DemoNode & {
  readonly dir: string
  readonly privateKey: `0x${string}`
  readonly address: `0x${string}`
}

/** Loads the key of each demo node from its agent's directory, making what is missing. */
export function loadNodeKeys(dataDir: string): DemoNodeWithKey[] {
  return demoNodes.map((node) => {
    const dir = join(dataDir, 'agents', node.name)
    mkdirSync(dir, { recursive: true })
    const file = join(dir, 'node.key')
    if (!existsSync(file)) writeFileSync(file, `${generatePrivateKey()}\n`, { mode: 0o600 })
    const privateKey = readFileSync(file, 'utf8').trim() as `0x${string}`
    return { ...node, dir, privateKey, address: privateKeyToAddress(privateKey) }
  })
}
