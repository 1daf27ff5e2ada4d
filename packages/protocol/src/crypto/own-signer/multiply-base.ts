/** A product of the base point, by {@link ./base-table.ts}. */
import { divideByZ, POINT_BYTES } from './affine-points.ts'
import { at, START_AT } from './layout.ts'
import type { SignerModule } from './signer-module.ts'

/** nonce · G: 32 bytes of its x at `signatureR` and of its y at `w`, least significant first, all zero where there is none. */
export function multiplyBase(module: SignerModule): void {
  const { memory, functions: run } = module
  memory.copyWithin(at.x, START_AT, START_AT + POINT_BYTES)
  run.addWindows()
  divideByZ(module)
}
