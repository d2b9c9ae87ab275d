// What a button looks like is not tested.
export const cva = () => () => '';
