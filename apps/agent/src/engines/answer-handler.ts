/** How the answer of an engine's connection is told, and held up, by whoever asked for it. */

/** Of one request whose answer comes. */
export interface AnswerController {
  readonly paused: boolean
  pause(): void
  resume(): void
  /** Closes the connection. */
  abort(reason: Error): void
}

export interface AnswerHandler {
  onRequestStart(controller: AnswerController): void
  onResponseStart(controller: AnswerController, httpStatus: number): void
  /** The bytes `from` … `to`; they change when it has returned. */
  onBytes(controller: AnswerController, bytes: Buffer, from: number, to: number): void
  onResponseEnd(): void
  onResponseError(controller: AnswerController | undefined, error: Error): void
}
