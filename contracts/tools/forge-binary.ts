/**
 * Where the native forge binary lies: inside the platform's package, a dependency of `@foundry-rs/forge`.
 */
import { createRequire } from 'node:module'

const ARCHITECTURES: Record<string, string> = { x64: 'amd64', arm64: 'arm64' }

/**
 * The absolute path of forge for this platform.
 *
 * @throws Error naming the platform when Foundry has no package for it, or the package to install when it is missing.
 */
export function forgeBinary(): string {
  const platform = `${process.platform}-${ARCHITECTURES[process.arch] ?? process.arch}`
  const suffix = process.platform === 'win32' ? '.exe' : ''
  const launcher = createRequire(createRequire(import.meta.url).resolve('@foundry-rs/forge/package.json'))
  try {
    return launcher.resolve(`@foundry-rs/forge-${platform}/bin/forge${suffix}`)
  } catch (cause) {
    throw new Error(`No forge for ${platform}: the package @foundry-rs/forge-${platform} is not installed`, { cause })
  }
}
