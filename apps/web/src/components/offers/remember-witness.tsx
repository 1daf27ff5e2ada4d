'use client'
/** Keeps the choice of a witness in a cookie when its person makes it. A link that names one changes nothing here. */
import type { ReactNode } from 'react'
import { rememberWitness } from '~/lib/page/witness-cookie.ts'

export function RememberWitness({ children }: { children: ReactNode }) {
  return (
    <div
      className="contents"
      onChangeCapture={({ target }) => target instanceof HTMLSelectElement && rememberWitness(target.value)}
    >
      {children}
    </div>
  )
}
