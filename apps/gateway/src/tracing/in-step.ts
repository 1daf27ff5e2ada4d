/** Runs a step of the request flow inside its span, where the request has a trace. */
import { toAppError } from '@isochrone/domain'
import type { RequestTrace } from './request-trace.ts'

export async function inStep<T>(
  { trace }: { trace?: RequestTrace | undefined },
  name: Parameters<RequestTrace['step']>[0],
  run: () => Promise<T>,
): Promise<T> {
  if (!trace) return await run()
  const end = trace.step(name)
  try {
    const result = await run()
    end()
    return result
  } catch (error) {
    end(toAppError(error).code)
    throw error
  }
}
