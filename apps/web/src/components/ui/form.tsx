'use client'
/**
 * A form that a script of the page answers; what the browser would do with it never happens.
 *
 * What somebody sends before the page's scripts have come is kept by React and carried out once they have. Without that
 * the browser would load the page again with every field in its address, a password too.
 */
import { useRef, type ComponentProps, type SubmitEvent } from 'react'

export interface FormProps extends Omit<ComponentProps<'form'>, 'action' | 'method' | 'onSubmit' | 'onReset' | 'ref'> {
  onSubmit: (event: SubmitEvent<HTMLFormElement>) => unknown
}

export function Form({ onSubmit, ...rest }: FormProps) {
  const form = useRef<HTMLFormElement>(null)
  const isReplayed = useRef(false)
  return (
    <form
      {...rest}
      ref={form}
      // Called only for what was sent too early: whoever submits a form that lives is answered below.
      action={() => {
        isReplayed.current = true
        form.current?.requestSubmit()
      }}
      onSubmit={(event) => {
        event.preventDefault()
        onSubmit(event)
      }}
      onReset={(event) => {
        // React empties a form after its action; what was typed stays, for whoever has to change it.
        if (isReplayed.current) event.preventDefault()
        isReplayed.current = false
      }}
    />
  )
}
