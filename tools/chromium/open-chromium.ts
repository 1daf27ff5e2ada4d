/** Chromium for a tool: found, or installed, and started headless. */
import { chromium, type Browser } from '@playwright/test'
import { chromiumArgs } from './chromium-args.ts'
import { findChromium } from './find-chromium.ts'

/**
 * @param args Beside `chromiumArgs`.
 * @throws Error with a line for the reader where there is no Chromium and none can be installed.
 */
export async function openChromium(args: readonly string[] = []): Promise<Browser> {
  const found = await findChromium()
  if (found.kind === 'none') throw new Error(found.line)
  return await chromium.launch({
    ...(found.kind === 'path' && { executablePath: found.path }),
    args: [...chromiumArgs, ...args],
  })
}
