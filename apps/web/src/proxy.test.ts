import { NextRequest } from 'next/server'
import { expect, test } from 'vitest'
import { proxy } from './proxy.ts'

const policyAt = (path: string, headers = {}) => {
  const response = proxy(new NextRequest(`http://localhost:3000${path}`, { headers }))
  return {
    sent: response.headers.get('content-security-policy') ?? '',
    toNext: response.headers.get('x-middleware-request-content-security-policy'),
  }
}

test('a page runs scripts of its own answer alone: another nonce each time, the same for Next as for the browser', () => {
  const [first, second] = [policyAt('/'), policyAt('/')]
  const nonceOf = (policy: string) => /'nonce-([^']+)'/.exec(policy)?.[1]
  expect(nonceOf(first.sent)).toMatch(/^[A-Za-z0-9+/]{22}==$/)
  expect(nonceOf(first.sent)).not.toBe(nonceOf(second.sent))
  expect(first.toNext).toBe(first.sent)
  expect(/script-src ([^;]+)/.exec(first.sent)?.[1]).not.toContain('unsafe')
  expect(first.sent).toContain("frame-ancestors 'none'")
})

test('a visitor cannot bring the policy along', () => {
  const { sent, toNext } = policyAt('/', { 'content-security-policy': "script-src 'unsafe-inline' 'nonce-mine'" })
  expect(sent).not.toContain('mine')
  expect(toNext).toBe(sent)
})
