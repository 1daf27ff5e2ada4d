import { execFileSync } from 'node:child_process'
import { afterEach, expect, test, vi } from 'vitest'
import { childEnv } from './child-env.ts'
import { hugePagesEnv } from './huge-pages.ts'

afterEach(() => vi.unstubAllEnvs())

const seenByChild = () =>
  execFileSync(process.execPath, ['-p', 'process.env.GLIBC_TUNABLES'], {
    encoding: 'utf8',
    env: childEnv(hugePagesEnv()),
  }).trim()

/** An operator's own tunables, an empty list of them included, are never replaced. */
test('a process that decides is started in huge pages on Linux, unless whoever starts it has said otherwise', () => {
  vi.stubEnv('GLIBC_TUNABLES', undefined)
  expect(seenByChild()).toBe(process.platform === 'linux' ? 'glibc.malloc.hugetlb=1' : 'undefined')
  vi.stubEnv('GLIBC_TUNABLES', 'glibc.malloc.check=0')
  expect(seenByChild()).toBe('glibc.malloc.check=0')
  vi.stubEnv('GLIBC_TUNABLES', '')
  expect(seenByChild()).toBe('')
})
