import { execFileSync } from 'node:child_process'
import { afterEach, expect, test, vi } from 'vitest'
import { childEnv } from './child-env.ts'
import { mallocEnv } from './malloc-env.ts'

afterEach(() => vi.unstubAllEnvs())

const seenByChild = (hugePages: boolean) =>
  execFileSync(process.execPath, ['-p', 'process.env.GLIBC_TUNABLES'], {
    encoding: 'utf8',
    env: childEnv(mallocEnv({ hugePages })),
  }).trim()

const kept = 'glibc.malloc.arena_max=2:glibc.malloc.mmap_threshold=262144:glibc.malloc.trim_threshold=4194304'

test('servers give memory back on Linux, and those that decide have huge pages', () => {
  vi.stubEnv('GLIBC_TUNABLES', undefined)
  const isLinux = process.platform === 'linux'
  expect(seenByChild(false)).toBe(isLinux ? kept : 'undefined')
  expect(seenByChild(true)).toBe(isLinux ? `glibc.malloc.hugetlb=1:${kept}` : 'undefined')
})

test('tunables of whoever starts a process are never replaced, an empty list included', () => {
  for (const own of ['glibc.malloc.check=0', '']) {
    vi.stubEnv('GLIBC_TUNABLES', own)
    expect(seenByChild(true)).toBe(own)
  }
})
