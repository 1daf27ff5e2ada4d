/** The browser's entry stays loadable in a browser: nothing behind it needs Node, native code or bytecode. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import { expect, test } from 'vitest'

test('nothing behind the browser entry needs Node, native code or bytecode', () => {
  const seen = new Set<string>()
  const packages = new Set<string>()
  const queue = [new URL('browser.ts', import.meta.url)]
  for (let url = queue.pop(); url !== undefined; url = queue.pop()) {
    if (seen.has(url.href)) continue
    seen.add(url.href)
    const source = readFileSync(fileURLToPath(url), 'utf8')
    for (const [, specifier = ''] of source.matchAll(/from '([^']+)'/g)) {
      if (specifier.startsWith('.')) queue.push(new URL(specifier, url))
      else packages.add(specifier)
    }
  }
  expect([...packages]).toEqual(['viem'])
  expect([...seen].filter((href) => href.includes('/bytecode/'))).toEqual([])
})
