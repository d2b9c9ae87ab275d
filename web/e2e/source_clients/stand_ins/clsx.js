export default (...names) => names.flat(Infinity).filter((name) => typeof name === 'string').join(' ');
