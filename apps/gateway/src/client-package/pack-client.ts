/**
 * Makes `@isochrone/client` a package that a stranger can install: one module with our own packages in it, its types, its README
 * and a manifest that asks for nothing but what registries have. Run it by `npm run pack:client -- DIR`.
 */
import { execFile } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { rolldown } from 'rolldown'

const root = fileURLToPath(new URL('../../../../', import.meta.url))
const source = join(root, 'packages/client')
const run = promisify(execFile)

/** Packages beside which it stands, of those that it is made of. */
const members = ['client', 'protocol', 'domain'] as const

interface Manifest {
  version: string
  license: string
  dependencies: Record<string, string>
}

/** Packs it into `outDir`; returns the path of the tarball. */
export async function packClient(outDir: string): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'isochrone-client-'))
  try {
    const used = await bundle(join(dir, 'dist/index.js'))
    await writeTypes(join(dir, 'dist'))
    cpSync(join(source, 'README.md'), join(dir, 'README.md'))
    writeFileSync(join(dir, 'package.json'), `${JSON.stringify(manifestOf(used), null, 2)}\n`)
    mkdirSync(outDir, { recursive: true })
    const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', outDir], { cwd: dir })
    const [packed] = JSON.parse(stdout) as { filename: string }[]
    if (!packed) throw new Error('npm packed nothing')
    return join(outDir, packed.filename)
  } finally {
    rmSync(dir, { recursive: true })
  }
}

/** Returns the packages that the module imports: everything that is not ours. */
async function bundle(file: string): Promise<string[]> {
  const isOurs = (id: string): boolean => /^[./]|^@isochrone\//.test(id)
  const built = await rolldown({
    input: join(source, 'src/index.ts'),
    external: (id) => !isOurs(id),
    platform: 'neutral',
    treeshake: { moduleSideEffects: false },
    resolve: { conditionNames: ['import', 'default'] },
  })
  const { output } = await built.write({ file, format: 'esm', codeSplitting: false })
  await built.close()
  const [module] = output
  return [...new Set(module.imports.map(packageOf))].toSorted()
}

/** `viem` of `viem/utils`, `@hpke/core` of itself. */
const packageOf = (id: string): string =>
  id
    .split('/')
    .slice(0, id.startsWith('@') ? 2 : 1)
    .join('/')

async function writeTypes(outDir: string): Promise<void> {
  const emit = ['--declaration', '--emitDeclarationOnly', '--noEmit', 'false', '--rootDir', root, '--outDir', outDir]
  const options =
    'target es2024 lib es2024 module preserve moduleResolution bundler types node strict true skipLibCheck true'
  const pairs = options.split(' ').map((word, index) => (index % 2 === 0 ? `--${word}` : word))
  const entry = join(source, 'src/index.ts')
  const more = ['--allowImportingTsExtensions', '--ignoreConfig']
  await run('tsc', [entry, ...emit, ...pairs, ...more], { cwd: source })
  const made = join(outDir, 'packages/client/src')
  for (const name of readdirSync(made)) {
    const text = readFileSync(join(made, name), 'utf8').replaceAll(/(from '\.\/[\w-]+)\.ts'/g, "$1.js'")
    writeFileSync(join(outDir, name), text)
  }
  rmSync(join(outDir, 'packages'), { recursive: true })
  for (const name of ['open-stream', 'open-whole', 'sealed-body']) rmSync(join(outDir, `${name}.d.ts`))
}

function manifestOf(used: readonly string[]): object {
  const read = (path: string) => JSON.parse(readFileSync(join(root, path), 'utf8')) as Manifest
  const { version, license } = read('packages/client/package.json')
  return {
    name: '@isochrone/client',
    version,
    description: 'A fetch that seals requests to the nodes that serve them: the gateway relays what it cannot read',
    license,
    type: 'module',
    sideEffects: false,
    engines: { node: '>=24' },
    exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js' } },
    types: './dist/index.d.ts',
    files: ['dist', 'README.md'],
    dependencies: Object.fromEntries(used.map((name) => [name, installed(name)])),
  }
}

/** The version that our tests ran with, and later ones that say they are compatible. */
function installed(name: string): string {
  const { version } = JSON.parse(readFileSync(join(directoryOf(name), 'package.json'), 'utf8')) as { version: string }
  return `^${version}`
}

/** Where one of its dependencies lies in this tree. */
export function directoryOf(name: string): string {
  for (const member of members) {
    const path = join(root, 'packages', member, 'node_modules', name)
    if (existsSync(path)) return path
  }
  throw new Error(`${name} is no dependency of the client`)
}
