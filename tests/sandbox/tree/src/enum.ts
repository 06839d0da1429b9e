export enum Color { Red = 'red' }
export class P { constructor(public x: number) {} }
