/** Replays every record of a text and words it. Throws one sentence where a record cannot be read or replays otherwise. */
import { explainDecision, parsePlacementRecord, replayDecision } from '@isochrone/scheduler'
import { findRecords } from './find-records.ts'

/** `name` stands for the text in errors. */
export function explainText(text: string, name: string): string {
  const found = records(text, name)
  if (found.length === 0) {
    throw new Error(
      `${name} holds no recorded placement. Send x-isochrone-explain: 1 with a request and keep its answer.`,
    )
  }
  return found
    .map((json, index) => {
      const label = found.length > 1 ? `${name}, record ${index + 1}` : name
      const record = parsePlacementRecord(json)
      const { outcome, differences } = replayDecision(record)
      if (differences.length > 0) throw new Error(`${label}: the replay differs from the record. ${differences[0]}.`)
      const again = `Replayed: the same ${outcome.choice === null ? 'answer, no choice' : `choice, ${outcome.choice}`}; ${outcome.candidates.length} scores agree to the last bit.`
      const heading = found.length > 1 ? `Decision ${index + 1} of ${found.length}\n` : ''
      return `${heading}${explainDecision(record)}\n${again}`
    })
    .join('\n\n────\n\n')
}

function records(text: string, name: string): unknown[] {
  try {
    return findRecords(text)
  } catch (error) {
    throw new Error(`${name} is not JSON: ${(error as Error).message}`, { cause: error })
  }
}
