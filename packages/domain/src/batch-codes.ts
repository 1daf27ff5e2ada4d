/** The codes that batches have beside those of requests: what is wrong with an input, and why a line has no answer. */

/** Of a line of the input, or of its file: the batch is `failed`, and nothing of it runs. */
export const batchFaults = [
  'empty_file',
  'file_not_found',
  'too_many_lines',
  'line_too_long',
  'invalid_json_line',
  'missing_required_parameter',
  'invalid_custom_id',
  'duplicate_custom_id',
  'invalid_method',
  'url_mismatch',
  'stream_not_supported',
  'background_not_supported',
  'sealed_not_supported',
  'model_not_found',
  'invalid_routing',
  'invalid_text',
  'key_revoked',
] as const
export type BatchFault = (typeof batchFaults)[number]

/** Of a line in the error file that has no response. */
export const unansweredReasons = ['batch_cancelled', 'batch_expired', 'erased'] as const
export type UnansweredReason = (typeof unansweredReasons)[number]
