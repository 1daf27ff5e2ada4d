/** The node's own key: made on the first run, readable by its owner alone, never sent anywhere. */
import { readFile, writeFile } from 'node:fs/promises'
import { addressOfKey, randomBytes32, type Hex } from '@isochrone/protocol'

export type NodeKeyPair = { readonly privateKey: Hex; readonly address: Hex }

/**
 * The key in `path`, made first when there is none.
 * @throws {Error} when the file holds something that is no key: it is never overwritten.
 */
export async function loadNodeKey(path: string): Promise<NodeKeyPair> {
  try {
    // `wx` fails when the file exists: two agents that start together cannot replace each other's key.
    await writeFile(path, `${randomBytes32()}\n`, { mode: 0o600, flag: 'wx' })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
  const privateKey = (await readFile(path, 'utf8')).trim()
  if (!isKey(privateKey)) throw new Error(`${path} holds no node key (0x and 64 hexadecimal digits)`)
  return { privateKey, address: addressOfKey(privateKey) }
}

function isKey(text: string): text is Hex {
  return /^0x[0-9a-f]{64}$/.test(text) && BigInt(text) !== 0n
}
