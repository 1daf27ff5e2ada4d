/** What breaks the protocol, or fails on our side, ends the link that it came by and no other. */
import { toAppError } from '@isochrone/domain'
import type { Logger } from '@isochrone/runtime'
import type { LinkSocket } from './link-socket.ts'

export interface LinkGuard {
  /** Does it; what it throws ends the link. */
  run: (socket: LinkSocket, nodeId: string, action: () => void) => void
  violation: (socket: LinkSocket, nodeId: string, error: unknown) => void
}

export function linkGuard(logger: Logger): LinkGuard {
  function violation(socket: LinkSocket, nodeId: string, error: unknown): void {
    const { code, publicMessage } = toAppError(error)
    if (code !== 'invalid_input') logger.error({ err: error, nodeId }, 'agent link failed on our side')
    else logger.warn({ nodeId, reason: publicMessage }, 'agent link broke the protocol')
    socket.reject(code === 'invalid_input' ? 'protocol_violation' : 'internal', publicMessage)
  }
  return {
    violation,
    run(socket, nodeId, action) {
      try {
        action()
      } catch (error) {
        violation(socket, nodeId, error)
      }
    },
  }
}
