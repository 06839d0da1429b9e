export interface Shape { w: number; h: number }
export interface Only { only?: number }
export type Unit = "px" | "em";
