require('fs').appendFileSync(process.env.GITHUB_STATE, `word=${process.env.INPUT_WORD}\n`);
