/** How the gateway's HTTP server is made, wherever it is made. */
import type { IncomingMessage, ServerOptions } from 'node:http'

export const LINK_PATH = '/v1/agent/link'

export const httpOptions: ServerOptions = {
  keepAliveTimeout: 72_000,
  // Told in our words instead: Node would answer 400 without a body.
  requireHostHeader: false,
  // What is no handshake for the link is answered like any other request, with a typed error: `ws` would answer in plain text.
  // Clients that offer another protocol by the way (`Upgrade: h2c`) are served in this one (RFC 9110, section 7.8).
  shouldUpgradeCallback: isLinkHandshake,
}

/** A handshake as RFC 6455, section 4.2.1 wants it. */
function isLinkHandshake({ method, url, headers }: IncomingMessage): boolean {
  return (
    method === 'GET' &&
    url?.split('?', 1)[0] === LINK_PATH &&
    headers.upgrade?.toLowerCase() === 'websocket' &&
    headers['sec-websocket-version'] === '13' &&
    /^[+/0-9A-Za-z]{22}==$/.test(headers['sec-websocket-key'] ?? '')
  )
}
