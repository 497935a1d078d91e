export type ProjectInput = object;
