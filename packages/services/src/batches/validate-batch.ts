/** Reads a batch's input once, line by line, before anything of it is run: every line must be one that can be. */
import {
  type BatchFault,
  type BatchLine,
  BATCH_LINE_BYTES_MAX,
  BATCH_LINES_MAX,
  isBatchLineError,
  readBatchLine,
  type BatchLineError,
} from '@isochrone/domain'
import { batchRoutingFault, splitModelSuffix } from '@isochrone/scheduler'
import type { BatchRow } from '../ports/batch-store.ts'
import { parseStorableJson } from '../receipts/storable-json.ts'
import { fileLines } from './file-content.ts'
import type { AdvanceBatchDeps } from './advance-batch-deps.ts'

/** Told at most; more would help nobody. */
const ERRORS_MAX = 100

export async function validateBatch(deps: AdvanceBatchDeps, batch: BatchRow): Promise<void> {
  const { id, orgId, endpoint, inputFileId } = batch
  const now = () => new Date(deps.clock.nowMs())
  const errors: BatchLineError[] = []
  const models = new Set<string>()
  const seen = new Set<string>()
  const isModel = await knownModels(deps)
  let total = 0
  if ((await deps.store.files.get(inputFileId, orgId, now())) !== null) {
    for await (const { line, text } of fileLines(deps.store.files, inputFileId)) {
      total += 1
      if (total > BATCH_LINES_MAX) {
        errors.push(ofFile('too_many_lines', `A batch may have ${BATCH_LINES_MAX} lines.`))
        break
      }
      const read: BatchLine | BatchLineError =
        text === null
          ? { code: 'line_too_long', line, message: `A line may have ${BATCH_LINE_BYTES_MAX} bytes.`, param: null }
          : readBatchLine(text, line, { endpoint, seen, isModel, routingFault: batchRoutingFault })
      if (!isBatchLineError(read)) models.add(read.model)
      else if (errors.push(read) >= ERRORS_MAX) break
    }
    if (total === 0) errors.push(ofFile('empty_file', 'The file has no lines.'))
  } else errors.push(ofFile('file_not_found', 'The input file is gone.'))
  if (errors.length === 0) {
    const [model] = models
    const one = models.size === 1 ? (model ?? null) : null
    await deps.store.batches.move(id, ['validating'], { status: 'in_progress', total, model: one, inProgressAt: now() })
    return
  }
  // They quote what is wrong with a line, which may be that it cannot be stored.
  const told = parseStorableJson(JSON.stringify(errors)) as BatchLineError[]
  const end = { outputFileId: null, errorFileId: null, completed: 0, failed: 0, now: now(), errors: told }
  await deps.store.transaction((tx) => tx.batches.end(id, { ...end, status: 'failed', from: 'validating' }))
}

const ofFile = (code: BatchFault, message: string): BatchLineError => ({ code, line: null, message, param: null })

/** While no node is known at all, nobody can say which models exist. */
async function knownModels(deps: AdvanceBatchDeps): Promise<(name: string) => boolean> {
  const { liveness } = await deps.fleet.nodes()
  const models = new Set([...liveness.values()].flatMap((node) => node.models.map(({ model }) => model)))
  return (name) => models.size === 0 || models.has(name) || models.has(splitModelSuffix(name).model)
}
