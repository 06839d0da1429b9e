export const name: string = 'folder';
