/** Jain, Chiu, Hawe 1984: (Σx)² ÷ (n·Σx²); 1 = all equal, 1/n = one has everything. 1 for nobody. */
export function jainIndex(values: readonly number[]): number {
  const sum = values.reduce((total, value) => total + value, 0)
  const squares = values.reduce((total, value) => total + value ** 2, 0)
  return squares > 0 ? sum ** 2 / (values.length * squares) : 1
}
