/** Finds the native anvil inside its npm package, past the JavaScript launcher that would keep a second process alive. */
import { chmodSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { LocalStackError } from './local-stack-error.ts'

/** @throws LocalStackError when there is no build for this platform. */
export function findAnvilBinary(): string {
  const os = process.platform === 'win32' ? 'win32' : process.platform
  const arch = process.arch === 'x64' ? 'amd64' : process.arch
  try {
    const launcher = createRequire(import.meta.url).resolve('@foundry-rs/anvil/package.json')
    const manifest = createRequire(launcher).resolve(`@foundry-rs/anvil-${os}-${arch}/package.json`)
    const binary = join(dirname(manifest), 'bin', os === 'win32' ? 'anvil.exe' : 'anvil')
    if ((statSync(binary).mode & 0o111) === 0) chmodSync(binary, 0o755)
    return binary
  } catch (cause) {
    throw new LocalStackError(`there is no local chain for ${os} ${arch}; set CHAIN_RPC_URL to one of your own`, {
      cause,
    })
  }
}
