// Vite's module runner is not in the bundle: the sandbox's own host links modules.
export class EvaluatedModules {
  idToModuleMap = new Map();
  getModuleById() {}
}
