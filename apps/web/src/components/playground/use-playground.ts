'use client'
/**
 * A conversation with the gateway, one answer at a time. A pasted key is held here, in memory, and nowhere else: it is
 * gone with the page.
 */
import { useCallback, useEffect, useRef, useState } from 'react'
import { relayBodyOf, type PlaygroundWish, type Turn } from '~/lib/market/playground-wish.ts'
import { AnswerError, readAnswer, type AnswerFacts } from '~/lib/market/read-answer.ts'

export interface Run {
  state: 'waiting' | 'streaming' | 'done' | 'stopped' | 'failed'
  text: string
  /** In this browser, from the click on. */
  ttftMs: number | null
  durationMs: number | null
  requestId: string | null
  facts: AnswerFacts | null
  error: AnswerError | null
}

export interface PlaygroundState {
  turns: Turn[]
  /** The newest answer, under way or over; null before the first. */
  run: Run | null
  busy: boolean
  /** False where nothing of an answer came: the prompt is not part of the conversation then. */
  send: (wish: PlaygroundWish, prompt: string, ownKey: string) => Promise<boolean>
  stop: () => void
  clear: () => void
}

const fresh: Run = {
  state: 'waiting',
  text: '',
  ttftMs: null,
  durationMs: null,
  requestId: null,
  facts: null,
  error: null,
}

export function usePlayground(): PlaygroundState {
  const [turns, setTurns] = useState<Turn[]>([])
  const [run, setRun] = useState<Run | null>(null)
  const abort = useRef<AbortController | null>(null)
  useEffect(() => () => abort.current?.abort(), [])

  const send = useCallback(
    async (wish: PlaygroundWish, prompt: string, ownKey: string) => {
      if (abort.current) return true
      const stopped = new AbortController()
      abort.current = stopped
      const asked: Turn[] = [...turns, { role: 'user', content: prompt }]
      setTurns(asked)
      setRun(fresh)
      let text = ''
      const change = (part: Partial<Run>) => setRun((was) => ({ ...(was ?? fresh), ...part }))
      const startedAtMs = performance.now()
      const end = (part: Partial<Run>) => {
        change({ ...part, durationMs: performance.now() - startedAtMs })
        setTurns(text === '' ? turns : [...asked, { role: 'assistant', content: text }])
      }
      try {
        const response = await fetch('/api/playground', {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...(ownKey !== '' && { 'x-playground-key': ownKey }) },
          body: JSON.stringify(relayBodyOf(wish, asked)),
          signal: stopped.signal,
        })
        change({ requestId: response.headers.get('x-request-id') })
        await readAnswer(response, startedAtMs, {
          onText: (more) => change({ state: 'streaming', text: (text += more) }),
          onFirstToken: (ttftMs) => change({ ttftMs }),
          onFacts: (facts) => change({ facts, requestId: facts.requestId }),
        })
        end({ state: 'done' })
      } catch (thrown) {
        if (stopped.signal.aborted) end({ state: 'stopped' })
        else end({ state: 'failed', error: thrown instanceof AnswerError ? thrown : lost() })
      } finally {
        abort.current = null
      }
      return text !== ''
    },
    [turns],
  )
  const clear = useCallback(() => {
    abort.current?.abort()
    setTurns([])
    setRun(null)
  }, [])
  const busy = run?.state === 'waiting' || run?.state === 'streaming'
  return { turns, run, busy, send, stop: () => abort.current?.abort(), clear }
}

function lost(): AnswerError {
  const message = 'The connection was lost. What came by then is billed; check the network and send it again.'
  return new AnswerError({ error: { message, owner: 'client', code: 'connection_lost' } }, null)
}
