/** What a request's body becomes for an engine, or why it cannot. */
import type { EngineCall } from '../engines/engine-driver.ts'

export type PreparedCall =
  | { readonly ok: true; readonly call: EngineCall }
  | { readonly ok: false; readonly message: string }
