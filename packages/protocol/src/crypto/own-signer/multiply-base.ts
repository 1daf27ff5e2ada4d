/** A product of the base point, by {@link ./base-table.ts}. */
import { at, START_AT } from './layout.ts'
import { SLOT_BYTES } from './limbs-code.ts'
import type { SignerModule } from './signer-module.ts'

/** nonce · G: 32 bytes of its x at `signatureR` and of its y at `w`, least significant first, all zero where there is none. */
export function multiplyBase({ memory, functions: run }: SignerModule): void {
  memory.copyWithin(at.x, START_AT, START_AT + 3 * SLOT_BYTES)
  run.addWindows()
  run.canonical(at.w, at.z)
  run.invertModuloP(at.w, at.w)
  run.unpack(at.inverse, at.w)
  run.square(at.zz, at.inverse)
  run.multiply(at.x, at.x, at.zz)
  run.multiply(at.zz, at.zz, at.inverse)
  run.multiply(at.y, at.y, at.zz)
  run.canonical(at.signatureR, at.x)
  run.canonical(at.w, at.y)
}
