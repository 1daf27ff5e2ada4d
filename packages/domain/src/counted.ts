/** A count with its noun, in the form that the count asks for: `1 leaf`, `1,200 leaves`. */
export function counted(count: number, one: string, many: string): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`
}
