/** Every case, in the order of the table. */
import { aiSdkCases } from './ai-sdk-cases.ts'
import { backgroundCases } from './background-cases.ts'
import { batchCases } from './batch-cases.ts'
import { chatAnswerCases } from './chat-answer-cases.ts'
import { chatCases } from './chat-cases.ts'
import type { ConformanceCase } from './conformance-case.ts'
import { errorCases } from './error-cases.ts'
import { fetchCases } from './fetch-cases.ts'
import { limitCases } from './limit-cases.ts'
import { otherCases } from './other-cases.ts'
import { sealedCases } from './sealed-cases.ts'
import { troubleCases } from './trouble-cases.ts'

const areas = ['chat', 'responses', 'completions', 'embeddings', 'models', 'sealed', 'queued', 'batches', 'errors']

export const allCases: readonly ConformanceCase[] = [
  ...chatCases,
  ...chatAnswerCases,
  ...otherCases,
  ...fetchCases,
  ...aiSdkCases,
  ...backgroundCases,
  ...batchCases,
  ...sealedCases,
  ...errorCases,
  ...limitCases,
  ...troubleCases,
].toSorted((a, b) => areas.indexOf(a.area) - areas.indexOf(b.area))
