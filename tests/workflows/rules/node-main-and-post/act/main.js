const fs = require('fs');
const word = process.env.INPUT_WORD;
console.log(`main ${word}`);
fs.appendFileSync(process.env.GITHUB_STATE, `kept=${word}\n`);
console.log(`::save-state name=said::${word}!`);
