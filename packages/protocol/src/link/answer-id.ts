/**
 * The id of an answer, from the request's 32-byte name: the same in every chunk whichever node made it, in the closing
 * chunk that the gateway makes, and in a whole answer.
 */
export function answerIdOf(path: string, requestIdHash: string): string {
  return `${path === '/v1/chat/completions' ? 'chatcmpl' : 'cmpl'}-${requestIdHash.slice(2, 26)}`
}
