console.log(process.cwd());
console.log(__filename);
