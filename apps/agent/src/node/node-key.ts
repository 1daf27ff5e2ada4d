/** The node's own key: made on the first run, readable by its owner alone, never sent anywhere. */
import { link, readFile, unlink, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { syncDirectory } from '@isochrone/runtime'
import { addressOfKey, randomBytes32, type Hex } from '@isochrone/protocol'

export type NodeKeyPair = { readonly privateKey: Hex; readonly address: Hex }

/**
 * The key in `path`, made first when there is none.
 * @throws {Error} when the file holds something that is no key: it is never overwritten.
 */
export async function loadNodeKey(path: string): Promise<NodeKeyPair> {
  const present = await readFile(path, 'utf8').catch(ignoring('ENOENT'))
  if (present === undefined) await createKey(path)
  const privateKey = (await readFile(path, 'utf8')).trim()
  if (!isKey(privateKey)) throw new Error(`${path} holds no node key (0x and 64 hexadecimal digits)`)
  return { privateKey, address: addressOfKey(privateKey) }
}

/** Whole or not at all, and never over another: the key is written beside and linked into place. */
async function createKey(path: string): Promise<void> {
  const draft = `${path}.${process.pid}.${randomBytes32().slice(2, 14)}`
  await writeFile(draft, `${randomBytes32()}\n`, { mode: 0o600, flag: 'wx', flush: true })
  await link(draft, path).catch(ignoring('EEXIST'))
  await unlink(draft)
  await syncDirectory(dirname(path))
}

/** A catch handler that lets one error code pass as undefined. */
function ignoring(code: string): (error: unknown) => undefined {
  return (error) => {
    if (error instanceof Error && 'code' in error && error.code === code) return undefined
    throw error
  }
}

function isKey(text: string): text is Hex {
  return /^0x[0-9a-f]{64}$/.test(text) && BigInt(text) !== 0n
}
