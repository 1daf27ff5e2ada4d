'use client'
/**
 * A link to a page of ours. Where it leads is fetched ahead when somebody reaches for it, by pointer or keyboard, and not
 * when it comes into sight: a table of fifty rows would be fifty pages that the server makes for nobody.
 */
import NextLink from 'next/link'
import { useState, type ComponentProps } from 'react'

export function Link({ prefetch, onPointerEnter, onFocus, ...rest }: ComponentProps<typeof NextLink>) {
  const [near, setNear] = useState(false)
  return (
    <NextLink
      {...rest}
      prefetch={prefetch ?? (near ? null : false)}
      onPointerEnter={(event) => {
        setNear(true)
        onPointerEnter?.(event)
      }}
      onFocus={(event) => {
        setNear(true)
        onFocus?.(event)
      }}
    />
  )
}
