/** What an answer adds to the metrics, once, by the gateway that made it: whether a client waits for it, or a queue. */
import type { RequestContext } from '../requests/request-context.ts'
import { operationOf } from '../tracing/request-trace.ts'
import type { GatewayDeps } from './gateway-deps.ts'
import type { Served } from '../requests/serving.ts'

/** Times are from when this gateway took the request; what a job waited before, in a queue of another process, is none of them. */
export function recordServed(deps: GatewayDeps, ctx: RequestContext, served: Served): void {
  const { tokensIn, tokensCached, tokensOut } = served.completed
  deps.metrics.tokens(tokensIn + tokensCached, tokensOut)
  const durationMs = Math.max(0, deps.clock.nowMs() - ctx.receivedAtMs)
  const ttftMs = served.ttftMs === null ? null : Math.max(0, served.firstTokenAtMs - ctx.receivedAtMs)
  if (ttftMs !== null) deps.metrics.firstToken(ttftMs)
  deps.metrics.served({
    operation: operationOf(ctx.request.path),
    model: ctx.request.model,
    durationMs,
    ttftMs,
    tpotMs: ttftMs !== null && tokensOut > 1 ? Math.max(0, durationMs - ttftMs) / (tokensOut - 1) : null,
    tokensIn: tokensIn + tokensCached,
    tokensOut,
  })
}
