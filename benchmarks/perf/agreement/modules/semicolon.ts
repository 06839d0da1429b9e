export const seen: number[] = []
type Pair = [number, number]
;[1, 2].forEach((n) => { seen.push(n) })
export const pair: Pair = [3, 4]
