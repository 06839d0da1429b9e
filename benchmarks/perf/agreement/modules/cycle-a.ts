import { b } from "./cycle-b";
export const a = () => "a" + b();
export const late = "late";
