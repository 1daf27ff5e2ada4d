/** A field of a form as trimmed text; a missing one, or a file, is empty. */
export function formText(form: FormData, name: string): string {
  return formSecret(form, name).trim()
}

/** The same, untouched: spaces at the ends of a password belong to it. */
export function formSecret(form: FormData, name: string): string {
  const value = form.get(name)
  return typeof value === 'string' ? value : ''
}
