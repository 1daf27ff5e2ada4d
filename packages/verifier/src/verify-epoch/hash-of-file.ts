/** The hash of a file's bytes, as the chain names it. */
import { createKeccakStream, type Hex } from '@isochrone/protocol'
import type { OpenFile } from './open-file.ts'

/** Keccak-256, read piece by piece. */
export async function hashOfFile(open: OpenFile): Promise<Hex> {
  const hash = await createKeccakStream()
  for await (const chunk of open()) hash.update(chunk)
  return hash.digest()
}
