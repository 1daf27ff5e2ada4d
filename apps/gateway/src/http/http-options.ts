/** How the gateway's HTTP server is made, wherever it is made. */
import type { ServerOptions } from 'node:http'

export const LINK_PATH = '/v1/agent/link'

export const httpOptions: ServerOptions = {
  keepAliveTimeout: 72_000,
  // Told in our words instead: Node would answer 400 without a body.
  requireHostHeader: false,
  // Clients that offer another protocol by the way (`Upgrade: h2c`) are served in this one (RFC 9110, section 7.8).
  shouldUpgradeCallback: ({ url }) => url?.split('?', 1)[0] === LINK_PATH,
}
