/** Only where a proxy could read along are an agent's frames masked. */
import { expect, test } from 'vitest'
import { isOpenToProxies, linkUrl } from './link-client.ts'

test.each([
  ['https://gateway.example', false],
  ['wss://gateway.example/v1/agent/link', false],
  ['http://127.0.0.1:8080', false],
  ['http://localhost:8080', false],
  ['http://[::1]:8080', false],
  ['http://gateway.example', true],
  ['http://10.0.0.7:8080', true],
  ['http://127.0.0.1.example', true],
  ['http://localhost.example', true],
])('%s is open to proxies: %s', (url, isOpen) => expect(isOpenToProxies(linkUrl(url))).toBe(isOpen))
