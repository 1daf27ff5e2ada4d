/** Files and batches in OpenAI's shape; what is ours stands under `isochrone`. */
import type { BatchLineCounts, BatchRow, BatchTotals, StoredFileRow } from '@isochrone/services'

export function fileObject(file: StoredFileRow) {
  return {
    id: file.id,
    object: 'file',
    bytes: file.bytes,
    created_at: secondsOf(file.createdAt),
    expires_at: secondsOf(file.expiresAt),
    filename: file.filename,
    purpose: file.purpose,
    status: 'processed',
    isochrone: { sha256: file.sha256 },
  }
}

/** How long after a refusal for want of money a batch counts as one that waits for it: its lines ask every few seconds. */
const OUT_OF_MONEY_MS = 20_000

export function batchObject(
  batch: BatchRow,
  { counts, totals, nowMs }: { counts?: BatchLineCounts | undefined; totals?: BatchTotals | undefined; nowMs: number },
) {
  const { status, endedAt } = batch
  const over = endedAt !== null
  const endedAs = (...statuses: string[]) => (over && statuses.includes(status) ? secondsOf(endedAt) : undefined)
  const waits =
    status === 'in_progress' && batch.outOfMoneyAt !== null && nowMs - batch.outOfMoneyAt.getTime() < OUT_OF_MONEY_MS
  return {
    id: batch.id,
    object: 'batch',
    endpoint: batch.endpoint,
    ...(batch.model !== null && { model: batch.model }),
    input_file_id: batch.inputFileId,
    completion_window: '24h',
    status,
    errors: Array.isArray(batch.errors) ? { object: 'list', data: batch.errors as unknown[] } : undefined,
    output_file_id: batch.outputFileId ?? undefined,
    error_file_id: batch.errorFileId ?? undefined,
    created_at: secondsOf(batch.createdAt),
    in_progress_at: secondsOrNone(batch.inProgressAt),
    expires_at: secondsOf(batch.expiresAt),
    finalizing_at: secondsOrNone(batch.finalizingAt),
    completed_at: endedAs('completed'),
    failed_at: endedAs('failed'),
    expired_at: endedAs('expired'),
    cancelling_at: secondsOrNone(batch.cancellingAt),
    cancelled_at: endedAs('cancelled'),
    request_counts: {
      total: batch.total,
      completed: over ? batch.completed : (counts?.completed ?? 0),
      failed: over ? batch.failed : (counts?.failed ?? 0),
    },
    usage: totals && {
      input_tokens: totals.tokensIn + totals.tokensCached,
      input_tokens_details: { cached_tokens: totals.tokensCached },
      output_tokens: totals.tokensOut,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: totals.tokensIn + totals.tokensCached + totals.tokensOut,
    },
    metadata: batch.metadata,
    isochrone: {
      // As everywhere here: money is decimal text in µUSD.
      costMicroUsd: (totals?.costMicroUsd ?? 0n).toString(),
      ...(waits && {
        waiting_for: {
          code: 'insufficient_quota',
          message: 'The budget does not cover the next lines: they wait until there are funds, or the window ends.',
        },
      }),
    },
  }
}

const secondsOf = (at: Date): number => Math.floor(at.getTime() / 1_000)
const secondsOrNone = (at: Date | null): number | undefined => (at === null ? undefined : secondsOf(at))
