import { late } from "./cycle-a";
export const b = () => "b" + late;
