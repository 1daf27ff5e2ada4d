/**
 * Gives every page a Content Security Policy: only scripts that this server wrote into this very answer run, and what they load.
 * A page that signs for money must not run what somebody slipped into a node's name or a reason.
 */
import { randomBytes } from 'node:crypto'
import { NextResponse, type NextRequest } from 'next/server'

const POLICY_HEADER = 'content-security-policy'

export function proxy(request: NextRequest): NextResponse {
  const policy = policyOf(randomBytes(16).toString('base64'))
  const headers = new Headers(request.headers)
  // Next reads the nonce from here, and gives it to the scripts that it writes.
  headers.set(POLICY_HEADER, policy)
  const response = NextResponse.next({ request: { headers } })
  response.headers.set(POLICY_HEADER, policy)
  return response
}

export const config = {
  // Not the built files, which run nothing by themselves, nor answers that are no pages.
  matcher: ['/((?!_next/static|api/|icon.svg).*)'],
}

/**
 * Connections are not limited: pages ask the chain, gateways and the keepers of epoch files at addresses that this server
 * does not choose.
 */
function policyOf(nonce: string): string {
  return [
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'`,
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    "worker-src 'self' blob:",
    "media-src 'none'",
    "object-src 'none'",
    "frame-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ')
}
